/** What every scenario gets. */
import type { StagePaths } from '../contenders/contender.js';
import type { Amounts } from '../options.js';

export interface ScenarioInput {
  readonly stage: StagePaths;
  readonly amounts: Amounts;
}
