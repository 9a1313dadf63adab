/** From the spec of a builder to a pool that is full. */
import { err, type Result } from 'neverthrow';
import { InvalidSpecError, plain, type HacoError } from '@haco/plan';
import type { ExplainedPlan } from '../builder.js';
import type { Spec } from '../spec.js';
import type { StartInput } from '../start/start-input.js';
import { poolIssues, type PoolOptions } from './options.js';
import { Pool } from './pool.js';

/** The spec of a container that waits: all that belongs to one run comes with the command. */
function parkedSpec(spec: Spec): Spec {
  const { command: _command, stdin: _in, stdout: _out, stderr: _err, ...process } = spec.process;
  return plain({ ...spec, process: { ...process, env: {}, parked: true }, control: {} }) as Spec;
}

/** Make a pool, and wait until its containers wait. */
export async function makePool(
  { spec, ...rest }: StartInput,
  options: PoolOptions,
  explain: (input: StartInput) => Result<ExplainedPlan, HacoError>,
): Promise<Result<Pool, HacoError>> {
  const { size = Number.NaN } = plain((options as Partial<PoolOptions> | undefined) ?? {});
  const issues = poolIssues(spec, size);
  if (issues.length > 0) return err(new InvalidSpecError({ issues }));
  const input = { ...rest, spec: parkedSpec(spec) };
  const base = rest.makeBuilder(rest.parts, spec, rest.runtime);
  return new Pool({ input, base, size, explain: () => explain(input) })['~fill']();
}
