/** For kernel tests: what haco opens once for the whole process must not count as a leftover of the first test. */
import { haco, orThrow } from './index.js';

/** One run that waits for its end, so that the launcher's file, the epoll set and /dev/null are open. */
export async function warmUp(): Promise<void> {
  // One that can't have ended before anybody watches, however slow the machine: it only ends when it is disposed of.
  const container = await orThrow(haco().command('/bin/sleep', '60').start());
  await container[Symbol.asyncDispose]();
  await orThrow(haco().command('/bin/true').run());
}
