/** The work of `run()`: start, capture, wait for the end. */
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { defaultOutputLimitBytes } from '../control/part.js';
import { startError } from '../failure.js';
import type { Outcome } from '../outcome.js';
import { Budget } from '../streams/capture.js';
import { closeQuietly } from '../streams/descriptors.js';
import { openInput } from '../streams/stdio.js';
import { capture, captureTerminal } from './capture-output.js';
import { effectsOf, type StartEffects } from './effects.js';
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
  const effects = effectsOf(input, planned.value);
  const perform = (): Promise<Result<Outcome, HacoError>> => {
    const launched = launchPlan(input, planned.value, { stdin: 'null', untilEnd: true }, effects);
    return launched.isErr()
      ? Promise.resolve(err(launched.error))
      : untilEnd(input, planned.value, { ...launched.value, effects }, beganMs);
  };
  return effects === undefined ? perform() : effects.around(perform);
}

/** A launch with what the parts do around it. */
type LaunchedWithEffects = Omit<Launched, 'created'> & { readonly effects?: StartEffects | undefined };

/** Capture what a launch writes, and wait for its end. */
export async function untilEnd(
  input: StartInput,
  planned: PlannedStart,
  { launch, streams, terminal, failed, oomKills, effects }: LaunchedWithEffects,
  beganMs: number,
): Promise<Result<Outcome, HacoError>> {
  const killer = new Killer(launch, input, planned.name);
  if (oomKills !== undefined) killer.oomKills = oomKills;
  void failed.then(killer.fail);
  effects?.onFailure(killer.fail);
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
    if (terminal !== undefined) closeQuietly(terminal.own);
    return err(effects?.failure ?? killer.neverBegan ?? startError(started.error, input.spec, planned));
  }
  if (launch.untilEnd) {
    captures?.stdout?.readAhead?.();
    captures?.stderr?.readAhead?.();
  } else killer.running();
  const screen = terminal === undefined ? ok(undefined) : openTerminal(terminal.own);
  if (screen.isErr()) {
    killer.kill('aborted');
    await launch.ended;
    killer.over();
    return err(screen.error);
  }
  const running = effects?.awaitsRunning === true ? effects.running(started.value.pid) : undefined;
  void running?.then((done) => done.isErr() && killer.fail(done.error));
  const shown = screen.value === undefined ? undefined : captureTerminal(screen.value, budget);
  const end = await launch.ended;
  killer.over();
  effects?.ended();
  stdin.close();
  const [stdout, stderr] = await Promise.all([
    shown?.() ?? captures?.stdout?.finish() ?? '',
    captures?.stderr?.finish() ?? '',
  ]);
  screen.value?.close();
  if (running !== undefined) void (await running);
  const outcome = outcomeOf(planned, end, killer, { stdout, stderr }, beganMs);
  return effects === undefined ? outcome : effects.finish(outcome, outcome.unwrapOr(undefined));
}
