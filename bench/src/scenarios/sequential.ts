/** One start after the other, with a small heap: haco in growing isolation beside everything else. */
import { bwrapSandbox } from '../contenders/bwrap-sandbox.js';
import { execContenders, sandboxContenders } from '../contenders/confined.js';
import { floorContenders } from '../contenders/floor.js';
import { hacoContenders } from '../contenders/haco.js';
import { poolContender } from '../contenders/pool.js';
import { spawnContenders } from '../contenders/spawn.js';
import { toolContenders } from '../contenders/tools.js';
import { interleave, onlyWorking } from '../measure.js';
import { rowsOf, type SequentialResult } from '../results.js';
import type { ScenarioInput } from './scenario.js';

export async function sequential({ stage, amounts }: ScenarioInput): Promise<SequentialResult> {
  const tools = toolContenders(stage);
  const equal = bwrapSandbox(stage);
  using floors = floorContenders(stage);
  await using pool = poolContender(stage);
  await using execs = await execContenders(stage);
  const { working, absent } = await onlyWorking([
    ...spawnContenders(stage),
    ...hacoContenders(stage),
    ...sandboxContenders(stage),
    pool.contender,
    ...execs.contenders,
    ...floors.contenders,
    ...tools.contenders,
    ...(equal === undefined ? [] : [equal]),
  ]);
  const rows = rowsOf(working, await interleave(working, amounts));
  const floorParts = floors.parts();
  return { rows, absent: [...tools.missing, ...absent], ...(floorParts === undefined ? {} : { floorParts }) };
}
