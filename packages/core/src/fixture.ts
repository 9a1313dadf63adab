/** For kernel tests: what haco opens once for the whole process must not count as a leftover of the first test. */
import { haco, orThrow } from './index.js';

/** One run that waits for its end, so that the launcher's file, the epoll set and /dev/null are open. */
export async function warmUp(): Promise<void> {
  await using container = await orThrow(haco().command('/bin/sleep', '0.01').start());
  await orThrow(container.wait());
  await orThrow(haco().command('/bin/true').run());
}
