/** Runs of a warm pool with the full isolation: only the command is left to be started. */
import { orThrow, type Pool } from '@haco/core';
import type { Contender, StagePaths } from './contender.js';
import { full } from './haco.js';

/** As many as run at once in the scenario `throughput`. */
const size = 16;

/** Made at its first start, as only some scenarios have one. */
export function poolContender({ root }: StagePaths): AsyncDisposable & { readonly contender: Contender } {
  let made: Promise<Pool> | undefined;
  const run = async (): Promise<undefined> => {
    const pool = await (made ??= orThrow(full(root).pool({ size })));
    const { exitCode } = await orThrow(pool.run('/bin/true'));
    if (exitCode !== 0) throw new Error(`the command ended with ${String(exitCode)}`);
    return undefined;
  };
  return {
    contender: { id: 'haco-pool', label: 'haco: the same, from a warm pool', group: 'haco', start: run },
    [Symbol.asyncDispose]: async () => (await made)?.close(),
  };
}
