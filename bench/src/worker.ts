/** The process that measures: plain Node, one scenario, its result as JSON on stdout. */
import type { ScenarioName } from './options.js';
import { blocking } from './scenarios/blocking.js';
import { held } from './scenarios/held.js';
import { leaks } from './scenarios/leaks.js';
import { live } from './scenarios/live.js';
import type { ScenarioInput } from './scenarios/scenario.js';
import { sequential } from './scenarios/sequential.js';
import { throughput } from './scenarios/throughput.js';

const scenarios = { sequential, held, throughput, live, blocking, leaks } satisfies Record<
  ScenarioName,
  (input: ScenarioInput) => Promise<unknown>
>;

const [, , name, input] = process.argv;
const result = await scenarios[name as ScenarioName](JSON.parse(input ?? '{}') as ScenarioInput);
process.stdout.write(JSON.stringify(result));
// Whatever a tool has left open must not keep the benchmark waiting.
process.exitCode = 0;
