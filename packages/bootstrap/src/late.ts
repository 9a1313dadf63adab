/** Work on roots is loaded when it is first asked for: who only starts containers never pays for readers of archives and images. */
import { ResultAsync } from 'neverthrow';

/** A function of a module that is imported at the first call. */
export function late<Args extends readonly unknown[], Value, Failure>(
  load: () => Promise<(...args: Args) => ResultAsync<Value, Failure>>,
): (...args: Args) => ResultAsync<Value, Failure> {
  return (...args) => new ResultAsync(load().then((run) => run(...args)));
}
