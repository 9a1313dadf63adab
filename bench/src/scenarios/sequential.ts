/** One start after the other, with a small heap: haco in growing isolation beside everything else. */
import { floorContenders } from '../contenders/floor.js';
import { hacoContenders } from '../contenders/haco.js';
import { spawnContenders } from '../contenders/spawn.js';
import { toolContenders } from '../contenders/tools.js';
import { interleave } from '../measure.js';
import { rowsOf, type SequentialResult } from '../results.js';
import type { ScenarioInput } from './scenario.js';

export async function sequential({ stage, amounts }: ScenarioInput): Promise<SequentialResult> {
  const { contenders: tools, missing } = await toolContenders(stage);
  using floors = floorContenders(stage);
  const contenders = [...spawnContenders(stage), ...hacoContenders(stage), ...floors.contenders, ...tools];
  return { rows: rowsOf(contenders, await interleave(contenders, amounts)), missing };
}
