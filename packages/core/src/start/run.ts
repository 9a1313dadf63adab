/** The work of `run()`: start, capture, wait for the end. */
import { closeSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { defaultOutputLimitBytes } from '../control/part.js';
import { startError } from '../failure.js';
import type { Outcome } from '../outcome.js';
import { Budget } from '../streams/capture.js';
import { openInput } from '../streams/stdio.js';
import { capture, captureTerminal } from './capture-output.js';
import { Killer } from './killer.js';
import { launchPlan, openTerminal, type Launched } from './launch-plan.js';
import { outcomeOf } from './outcome-of.js';
import { preparePlan, type PlannedStart } from './plan-start.js';
import type { StartInput } from './start-input.js';

/** Start, capture what it writes, wait for its end. */
export async function run(input: StartInput): Promise<Result<Outcome, HacoError>> {
  const beganMs = performance.now();
  const planned = await preparePlan(input);
  if (planned.isErr()) return err(planned.error);
  const launched = launchPlan(input, planned.value, { stdin: 'null', untilEnd: true });
  if (launched.isErr()) return err(launched.error);
  return untilEnd(input, planned.value, launched.value, beganMs);
}

/** Capture what a launch writes, and wait for its end. */
export async function untilEnd(
  input: StartInput,
  planned: PlannedStart,
  { launch, streams, terminal, failed }: Omit<Launched, 'created'>,
  beganMs: number,
): Promise<Result<Outcome, HacoError>> {
  const killer = new Killer(launch, input, planned.name);
  void failed.then(killer.fail);
  const limit = input.spec.control.outputLimitBytes ?? defaultOutputLimitBytes;
  const budget = new Budget(limit, () => killer.kill('output-limit'));
  const stdin = openInput(streams.stdin, killer.fail);
  // Nobody holds the handle: a pipe without a source has nothing to say.
  stdin.stream?.end();
  const captures = terminal === undefined ? capture(streams, budget, killer) : undefined;
  // The clock is set before anybody knows that the command runs: it looks when it strikes.
  if (launch.untilEnd) killer.running();
  const started = await launch.started;
  if (started.isErr()) {
    killer.over();
    stdin.close();
    captures?.stdout?.close();
    captures?.stderr?.close();
    if (terminal !== undefined) closeSync(terminal.own);
    return err(killer.neverBegan ?? startError(started.error, input.spec, planned));
  }
  if (!launch.untilEnd) killer.running();
  const screen = terminal === undefined ? ok(undefined) : openTerminal(terminal.own);
  if (screen.isErr()) {
    killer.kill('aborted');
    await launch.ended;
    killer.over();
    return err(screen.error);
  }
  const shown = screen.value === undefined ? undefined : captureTerminal(screen.value, budget);
  const end = await launch.ended;
  killer.over();
  stdin.close();
  const [stdout, stderr] = await Promise.all([
    shown?.() ?? captures?.stdout?.finish() ?? '',
    captures?.stderr?.finish() ?? '',
  ]);
  screen.value?.close();
  return outcomeOf(planned, end, killer, { stdout, stderr }, beganMs);
}
