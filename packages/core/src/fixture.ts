/** For kernel tests: a warm start, and a container to do something in. */
import { expectNothingLeft } from '@haco/testkit';
import { haco, orThrow, type Builder, type Container, type ExecOptions } from './index.js';

/**
 * What haco opens once for the whole process must not count as a leftover of the first test: one run that waits for its end, so
 * that the launcher's file, the epoll set and /dev/null are open.
 */
export async function warmUp(): Promise<void> {
  // One that can't have ended before anybody watches, however slow the machine: it only ends when it is disposed of.
  const container = await orThrow(haco().command('/bin/sleep', '60').start());
  await container[Symbol.asyncDispose]();
  await orThrow(haco().command('/bin/true').run());
}

/** Something that goes on with a container that sleeps; nothing is left of both. */
export function inside<T>(builder: Builder, use: (container: Container) => Promise<T>): Promise<T> {
  return expectNothingLeft(async () => {
    await using container = await orThrow(builder.command('/bin/sleep', '600').start());
    return await use(container);
  });
}

/** What a further process of the container writes. */
export async function stdoutOf(container: Container, options: ExecOptions): Promise<string> {
  return (await orThrow(container.exec(options))).stdout;
}
