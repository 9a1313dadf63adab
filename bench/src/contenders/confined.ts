/** The strictest preset, and a command that joins a container which runs. */
import { orThrow, sandbox, type Container } from '@haco/core';
import { full } from './haco.js';
import type { Contender, StagePaths } from './contender.js';

/** `sandbox()` beside the others, with the same root and command as they have. */
export function sandboxContenders({ root }: StagePaths): readonly Contender[] {
  const make = () => sandbox().chroot(root, { readonly: true }).command('/bin/true');
  return [
    {
      id: 'haco-sandbox',
      label: 'haco: sandbox(), with its limits',
      group: 'haco',
      start: async () => {
        const { exitCode } = await orThrow(make().run());
        if (exitCode !== 0) throw new Error(`the command ended with ${String(exitCode)}`);
        return undefined;
      },
    },
  ];
}

/** `container.exec()`, and how to end the container. */
export async function execContenders({
  root,
}: StagePaths): Promise<AsyncDisposable & { readonly contenders: readonly Contender[] }> {
  const container: Container = await orThrow(full(root).name('haco-bench-exec').command('/bin/pause').start());
  return {
    contenders: [
      {
        id: 'haco-exec',
        label: 'haco: exec() into a container of full isolation',
        group: 'haco',
        start: async () => {
          const { exitCode } = await orThrow(container.exec('/bin/true'));
          if (exitCode !== 0) throw new Error(`the command ended with ${String(exitCode)}`);
          return undefined;
        },
      },
    ],
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  };
}
