/** Runs a scenario in a Node of its own, without a transpiler in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ScenarioName } from './options.js';
import type { Results } from './results.js';
import type { ScenarioInput } from './scenarios/scenario.js';

/** `worker` is the built src/worker.ts. */
export async function runScenario<Name extends ScenarioName>(
  worker: string,
  name: Name,
  input: ScenarioInput,
): Promise<NonNullable<Results[Name]>> {
  const flags = ['--expose-gc', ...(name === 'held' ? ['--max-old-space-size=8192'] : [])];
  const child = spawn(process.execPath, [...flags, worker, name, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the scenario ${name} ended with code ${String(code)}`);
  return JSON.parse(Buffer.concat(chunks).toString()) as NonNullable<Results[Name]>;
}
