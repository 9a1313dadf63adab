/** Who is compared in each situation, not only one after the other with a small heap: spawn, every isolation, the floor and all tools. */
import { onlyWorking } from '../measure.js';
import type { Contender, StagePaths } from './contender.js';
import { floorContenders } from './floor.js';
import { growth, hacoContenders } from './haco.js';
import { spawnContenders } from './spawn.js';
import { toolContenders } from './tools.js';

/** Those that work here; dispose of them at the end. */
export async function everySituation(
  stage: StagePaths,
): Promise<Disposable & { readonly contenders: readonly Contender[] }> {
  const floors = floorContenders(stage);
  const wanted = new Set<string>(['spawn', ...growth, 'floor-full']);
  const own = [...spawnContenders(stage), ...hacoContenders(stage), ...floors.contenders];
  const { working } = await onlyWorking([
    ...own.filter(({ id }) => wanted.has(id)),
    ...toolContenders(stage).contenders,
  ]);
  return {
    contenders: working,
    [Symbol.dispose]: () => {
      floors[Symbol.dispose]();
    },
  };
}
