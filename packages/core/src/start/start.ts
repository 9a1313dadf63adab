/** The work of `start()`: the handle as soon as the command runs. */
import { err, ok, type Result } from 'neverthrow';
import type { Group } from '@haco/cgroups';
import type { HacoError } from '@haco/plan';
import type { Launch } from '@haco/sys';
import { Container } from '../container.js';
import { Inside } from '../exec/inside.js';
import { isJoining } from '../exec/join-part.js';
import type { ExecArguments } from '../exec/options.js';
import { Pidfd } from '../exec/pidfd.js';
import { readJoin } from '../exec/read-join.js';
import { startError } from '../failure.js';
import { callAfterReload } from '../hooks/after-reload.js';
import type { Outcome } from '../outcome.js';
import { ProcessHandle } from '../process-handle.js';
import { closeQuietly } from '../streams/descriptors.js';
import { connectOutput, discard, openInput, openOutput } from '../streams/stdio.js';
import { effectsOf, type StartEffects } from './effects.js';
import { groupOf } from './group-of.js';
import { Killer } from './killer.js';
import { launchPlan, openTerminal } from './launch-plan.js';
import { outcomeOf } from './outcome-of.js';
import { preparePlan, type PlannedStart } from './plan-start.js';
import type { StartInput } from './start-input.js';

/** Who sends further processes into a container that runs. */
function insideOf(
  input: StartInput,
  { facts, plan }: PlannedStart,
  { pid, isOurs, group }: { readonly pid: number; readonly isOurs: () => boolean; readonly group: Group | undefined },
): Inside {
  const { parts, runtime, spec, makeBuilder } = input;
  const pivoted = plan.steps.some(({ operations }) =>
    operations.some((operation) => operation.op === 'syscall' && operation.name === 'pivot_root'),
  );
  const known = { groups: group?.dirs ?? [], pivoted, ownDevpts: facts.ownDevpts };
  return new Inside({
    parts,
    runtime,
    spec,
    makeBuilder,
    pidfd: new Pidfd(pid, isOurs),
    readJoin: () => readJoin(pid, runtime.host(), known),
  });
}

/** Start, and give the handle as soon as the command runs (or waits at its start fifo). */
export async function start(input: StartInput, options: WhenReady = {}): Promise<Result<Container, HacoError>> {
  const beganMs = performance.now();
  const planned = await preparePlan(input);
  if (planned.isErr()) return err(planned.error);
  const effects = effectsOf(input, planned.value);
  const perform = (): Promise<Result<Container, HacoError>> => startPlan(input, planned.value, effects, beganMs);
  if (options.ready === true && effects !== undefined) return effects.around(() => untilReady(perform));
  return effects === undefined ? perform() : effects.around(perform);
}

/** When `start()` gives the handle. */
export interface WhenReady {
  /** Give the handle when the container is ready, as `readiness()` says; one that doesn't become ready is ended. */
  readonly ready?: boolean;
}

async function untilReady(perform: () => Promise<Result<Container, HacoError>>): Promise<Result<Container, HacoError>> {
  const started = await perform();
  if (started.isErr()) return started;
  const ready = await started.value.ready();
  if (ready.isOk()) return started;
  await started.value[Symbol.asyncDispose]();
  return err(ready.error);
}

async function startPlan(
  input: StartInput,
  planned: PlannedStart,
  effects: StartEffects | undefined,
  beganMs: number,
): Promise<Result<Container, HacoError>> {
  const launched = launchPlan(input, planned, { stdin: 'pipe', untilEnd: false }, effects);
  if (launched.isErr()) return err(launched.error);
  const { launch, streams, terminal, created, failed: answering, oomKills } = launched.value;
  const { name } = planned;

  const killer = new Killer(launch, input, name);
  if (oomKills !== undefined) killer.oomKills = oomKills;
  void answering.then(killer.fail);
  effects?.onFailure(killer.fail);
  const begun = await Promise.race([launch.started, created]);
  if (typeof begun !== 'number' && begun.isErr()) {
    killer.over();
    discard([streams.stdin, streams.stdout, streams.stderr].map((stream) => ({ ...stream, closeTheirs: false })));
    if (terminal !== undefined) closeQuietly(terminal.own);
    return err(effects?.failure ?? killer.neverBegan ?? startError(begun.error, input.spec, planned));
  }
  const screen = terminal === undefined ? ok(undefined) : openTerminal(terminal.own);
  if (screen.isErr()) {
    killer.kill('aborted');
    await launch.ended;
    killer.over();
    return err(screen.error);
  }
  const stdin = openInput(streams.stdin, killer.fail);
  const outputs = [streams.stdout, streams.stderr].map((stream) => connectOutput(stream, killer.fail));
  const running = effects === undefined ? undefined : runningEffects(launch, effects, killer);
  const ended = launch.ended.then(async (end) => {
    killer.over();
    effects?.ended();
    stdin.close();
    await Promise.all(outputs.map((flushed) => flushed?.() ?? Promise.resolve()));
    const removed = await killer.freezer.remove();
    if (removed.isErr()) return err(removed.error);
    return outcomeOf(planned, end, killer, { stdout: '', stderr: '' }, beganMs);
  });
  // A container that waited at its start fifo may still fail to execute its command.
  const failed = launch.started.then(async (result) => {
    if (result.isOk()) {
      killer.running();
      return ended;
    }
    killer.over();
    stdin.close();
    await Promise.all(outputs.map((flushed) => flushed?.() ?? Promise.resolve()));
    return err<Outcome, HacoError>(
      effects?.failure ?? killer.neverBegan ?? startError(result.error, input.spec, planned),
    );
  });
  const view = screen.value;
  const undone =
    effects === undefined
      ? failed
      : Promise.all([failed, running]).then(([result]) => effects.finish(result, result.unwrapOr(undefined)));
  const outcome = undone.then((result) => {
    if (view !== undefined) {
      if (view.output.destroyed || view.output.readableEnded) view.close();
      else view.output.once('close', () => view.close());
    }
    return result;
  });
  const pid = typeof begun === 'number' ? begun : begun.value.pid;
  const handle = {
    pid,
    stdin: view?.input ?? stdin.stream,
    stdout: view?.output ?? openOutput(streams.stdout),
    stderr: view === undefined ? openOutput(streams.stderr) : null,
    resize: view === undefined ? undefined : (columns: number, rows: number): void => view.resize(columns, rows),
    outcome,
    kill: (signal: number) => killer.send(signal),
  };
  if (isJoining(input.spec)) return ok(new ProcessHandle({ ...handle, what: 'process' }) as Container);
  const group = groupOf(input, name);
  const inside = insideOf(input, planned, { pid, isOurs: () => launch.kill(0), group });
  const gone = new AbortController();
  void outcome.then(() => gone.abort());
  const container = new Container({
    ...handle,
    what: 'container',
    name,
    limited: (limits) => (killer.rlimits = { ...killer.rlimits, ...limits }),
    freezer: killer.freezer,
    group,
    ready: async () => {
      const began = await running;
      return began?.isErr() === true ? err(began.error) : (effects?.shared.ready ?? ok());
    },
    reloaded: (spec) =>
      callAfterReload(
        {
          name,
          input,
          pid,
          rootfs: planned.facts.rootfs,
          values: effects?.shared.values ?? new Map<string, unknown>(),
          signal: gone.signal,
          run: (...args: readonly unknown[]) => inside.exec(args as unknown as ExecArguments),
        },
        spec,
      ),
    inside,
    spec: input.spec,
  });
  // One that waits at its fifo is started by somebody else, later.
  if (running === undefined || typeof begun === 'number') return ok(container);
  const ran = await running;
  if (ran.isOk()) return ok(container);
  await container[Symbol.asyncDispose]();
  return err(ran.error);
}

/** What the parts do as soon as the command runs; a failure ends the container. */
async function runningEffects(launch: Launch, effects: StartEffects, killer: Killer): Promise<Result<void, HacoError>> {
  const started = await launch.started;
  const done = started.isErr() ? ok() : await effects.running(started.value.pid);
  if (done.isErr()) killer.fail(done.error);
  return done;
}
