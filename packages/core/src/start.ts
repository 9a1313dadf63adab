/** The work of `run()` and `start()`: prepare, plan, launch, and wait for the end. */
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { prepareRootfs, sourceOf } from '@haco/bootstrap';
import { parseCgroupReport, resolveBlockDevices, type CgroupsSection } from '@haco/cgroups';
import {
  IoError,
  StateError,
  type AnyPart,
  type BarrierOperation,
  type Enforcement,
  type HacoError,
  type HostFacts,
  type Plan,
  type SharedFacts,
  type Step,
} from '@haco/plan';
import { failureError, socketPair, type Launch, type LaunchEnd } from '@haco/sys';
import { Container } from './container.js';
import { defaultOutputLimitBytes } from './control/part.js';
import { startError, warningError } from './failure.js';
import { resolveUser } from './lookup-user.js';
import { decide, type KillReason, type Outcome, type Usage } from './outcome.js';
import { planContainer } from './planner.js';
import { createdBarrier } from './process/exec.js';
import { terminalSocket } from './process/terminal.js';
import type { Runtime } from './runtime.js';
import type { Spec } from './spec.js';
import { Budget, Capture } from './streams/capture.js';
import {
  closeTheirs,
  connectOutput,
  discard,
  openInput,
  openOutput,
  prepareStdio,
  type PreparedStdio,
} from './streams/stdio.js';
import { takeTerminalBack } from './streams/foreground.js';
import { devNull } from './streams/pipe.js';
import { receiveDescriptor, Terminal } from './streams/terminal.js';
import { runTool } from './tool.js';

const SIGKILL = 9;

/** What a start needs to know. */
export interface StartInput {
  readonly parts: readonly AnyPart[];
  readonly spec: Spec;
  readonly runtime: Runtime;
  /** A plan of an earlier start of the same builder. */
  readonly cached?: PlannedStart;
}

/** A plan with what was decided beside it. */
export interface PlannedStart {
  readonly plan: Plan;
  readonly facts: SharedFacts;
  readonly name: string;
  /** Whether the same plan may be performed again: it holds no made-up name and no looked-up id. */
  readonly reusable: boolean;
}

/** Where the root of the container is on the host, as far as names of users are concerned. */
function userRoot(spec: Spec, facts: SharedFacts): string {
  const source = sourceOf(spec.rootfs);
  return facts.rootfs ?? (source !== undefined && 'path' in source ? source.path : '/');
}

/** The name of one start: the spec's, or a new one. */
function nameOf(spec: Spec): string {
  return spec.identity.name ?? `haco-${randomBytes(6).toString('hex')}`;
}

/** Devices by path become numbers, where the plan is for this machine. */
function withDeviceNumbers(spec: Spec, host: HostFacts): Result<Spec, HacoError> {
  const section = spec['cgroups'] as CgroupsSection | undefined;
  if (section === undefined || host.pid !== process.pid) return ok(spec);
  return resolveBlockDevices(section).map((cgroups) => (cgroups === section ? spec : { ...spec, cgroups }));
}

/** Plan for the host of the runtime; refuses what will fail. */
export function planStart({ parts, spec, runtime }: Omit<StartInput, 'cached'>): Result<PlannedStart, HacoError> {
  const host = runtime.host();
  return withDeviceNumbers(spec, host).andThen((resolved) => {
    const planned = planOn(host, parts, resolved);
    // A path may mean another device the next time.
    return resolved === spec ? planned : planned.map((plan) => ({ ...plan, reusable: false }));
  });
}

function planOn(host: HostFacts, parts: readonly AnyPart[], spec: Spec): Result<PlannedStart, HacoError> {
  const name = nameOf(spec);
  const first = planContainer(parts, spec, host, name);
  const { user } = spec.process;
  const lookedUp = user === undefined ? ok(spec.process) : resolveUser(spec.process, userRoot(spec, first.facts));
  return lookedUp.map((process) => {
    const { plan, facts } = process === spec.process ? first : planContainer(parts, { ...spec, process }, host, name);
    const nameMatters = spec.identity.name === undefined && JSON.stringify(plan.steps).includes(name);
    return { plan, facts, name, reusable: !nameMatters && process === spec.process };
  });
}

function refuse(planned: PlannedStart): Result<PlannedStart, HacoError> {
  const [warning] = planned.plan.warnings;
  return warning === undefined ? ok(planned) : err(warningError(warning, planned.plan));
}

/** What Node keeps of a terminal until the container runs. */
interface TerminalSocket {
  readonly own: number;
  readonly theirs: number;
}

function makeTerminalSocket(spec: Spec): Result<TerminalSocket | undefined, HacoError> {
  if (spec.process.tty === undefined) return ok(undefined);
  return socketPair().map(([own, theirs]) => ({ own, theirs }));
}

/** Streams of a container whose stdio is a terminal: nothing of Node's before the terminal takes their place. */
function terminalStdio(): PreparedStdio {
  const none = { theirs: devNull(), closeTheirs: false };
  return { stdin: none, stdout: none, stderr: none };
}

interface Launched {
  readonly launch: Launch;
  readonly streams: PreparedStdio;
  readonly terminal: TerminalSocket | undefined;
  /** Settles when a container with a start fifo is complete. */
  readonly created: Promise<number>;
}

function launchPlan(input: StartInput, planned: PlannedStart, stdin: 'null' | 'pipe'): Result<Launched, HacoError> {
  const { spec, runtime } = input;
  return makeTerminalSocket(spec).andThen((terminal) =>
    (terminal === undefined ? prepareStdio(spec.process, stdin) : ok(terminalStdio())).andThen((streams) => {
      let reachCreated: (pid: number) => void = () => undefined;
      const created = new Promise<number>((resolve) => (reachCreated = resolve));
      const launched = runtime.launch({
        plan: planned.plan,
        stdio: [streams.stdin.theirs, streams.stdout.theirs, streams.stderr.theirs],
        ...(terminal === undefined ? {} : { descriptors: { [terminalSocket]: terminal.theirs } }),
        onBarrier: async (barrier: BarrierOperation, childPid: number) => {
          if (barrier.name === createdBarrier) reachCreated(childPid);
          return barrier.tool === undefined ? ok() : runTool(barrier, childPid);
        },
      });
      if (terminal !== undefined) closeSync(terminal.theirs);
      if (launched.isErr()) {
        discard([streams.stdin, streams.stdout, streams.stderr]);
        if (terminal !== undefined) closeSync(terminal.own);
        return err(launched.error);
      }
      closeTheirs(streams);
      return ok({ launch: launched.value, streams, terminal, created });
    }),
  );
}

function enforcement(plan: Plan, { outs }: LaunchEnd): Readonly<Record<string, Enforcement>> {
  // A step that was refused has ended the start, unless it says how to tell: what else is in the plan is in force.
  const took = ({ confirmedBy }: Step): Enforcement =>
    confirmedBy === undefined || (outs.get(confirmedBy)?.[0] ?? 0) !== 0 ? 'enforced' : 'refused';
  const steps = plan.steps.flatMap((step) => (step.enforces ?? []).map((name) => [name, took(step)] as const));
  return { ...Object.fromEntries(steps), ...plan.degradations };
}

function usageOf(end: LaunchEnd): Usage {
  const report = end.outs.size === 0 ? {} : parseCgroupReport(end.outs);
  return {
    userMs: report.userMs ?? end.usage.userMs,
    systemMs: report.systemMs ?? end.usage.systemMs,
    memoryPeakBytes: report.memoryPeakBytes ?? end.usage.maxRssBytes,
    oomKills: report.oomKills ?? 0,
    pidsLimitHits: report.pidsLimitHits ?? 0,
    throttledMs: report.throttledMs ?? 0,
  };
}

/** Kill on timeout and abort; remembers the first reason. Afterwards everything is the caller's again. */
class Killer {
  reason: KillReason | undefined;
  /** A stream of the caller failed: the answer, whatever the container did. */
  error: HacoError | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly abort = (): void => this.kill('aborted');

  constructor(
    private readonly launch: Launch,
    private readonly spec: Spec,
  ) {
    spec.control.abort?.value.addEventListener('abort', this.abort, { once: true });
  }

  kill(reason: KillReason): void {
    this.reason ??= reason;
    this.launch.kill(SIGKILL);
  }

  readonly fail = (error: HacoError): void => {
    this.error ??= error;
    this.launch.kill(SIGKILL);
  };

  /** The clock of `timeout()` starts with the command. */
  running(): void {
    const { timeoutMs } = this.spec.control;
    if (timeoutMs !== undefined) this.timer = setTimeout(() => this.kill('timeout'), timeoutMs);
  }

  over(): void {
    clearTimeout(this.timer);
    if (this.spec.process.stdin === 'inherit') takeTerminalBack();
    this.spec.control.abort?.value.removeEventListener('abort', this.abort);
  }
}

function outcomeOf(
  plan: Plan,
  end: LaunchEnd,
  killer: Killer,
  text: { stdout: string; stderr: string },
  beganMs: number,
): Result<Outcome, HacoError> {
  if (killer.error !== undefined) return err(killer.error);
  if (end.undoFailure !== undefined) {
    const { step, errno } = end.undoFailure;
    return err(
      new IoError({ what: `${step.label} of`, path: plan.name, errno, hint: failureError(end.undoFailure).hint }),
    );
  }
  const ended = {
    ...text,
    durationMs: performance.now() - beganMs,
    usage: usageOf(end),
    enforced: enforcement(plan, end),
    steps: end.steps,
  };
  return ok(decide(ended, end, killer.reason));
}

function alreadyAborted(spec: Spec): StateError | undefined {
  return spec.control.abort?.value.aborted === true
    ? new StateError({ what: 'start the container', state: 'its AbortSignal is aborted', remedy: 'use a fresh signal' })
    : undefined;
}

async function preparePlan(input: StartInput): Promise<Result<PlannedStart, HacoError>> {
  if (input.spec.rootfs.strategy !== undefined) {
    const signal = input.spec.control.abort?.value;
    const made = await prepareRootfs(input.spec.rootfs, signal === undefined ? {} : { signal });
    if (made.isErr()) return err(made.error);
  }
  return (input.cached === undefined ? planStart(input) : ok(input.cached)).andThen(refuse);
}

/** Start, capture what it writes, wait for its end. */
export async function run(
  input: StartInput,
  remember: (planned: PlannedStart) => void,
): Promise<Result<Outcome, HacoError>> {
  const beganMs = performance.now();
  const aborted = alreadyAborted(input.spec);
  if (aborted !== undefined) return err(aborted);
  const planned = await preparePlan(input);
  if (planned.isErr()) return err(planned.error);
  remember(planned.value);
  const launched = launchPlan(input, planned.value, 'null');
  if (launched.isErr()) return err(launched.error);
  const { launch, streams, terminal } = launched.value;

  const killer = new Killer(launch, input.spec);
  const limit = input.spec.control.outputLimitBytes ?? defaultOutputLimitBytes;
  const budget = new Budget(limit, () => killer.kill('output-limit'));
  const stdin = openInput(streams.stdin, killer.fail);
  // Nobody holds the handle: a pipe without a source has nothing to say.
  stdin.stream?.end();
  const captures = terminal === undefined ? capture(streams, budget, killer) : undefined;
  const started = await launch.started;
  if (started.isErr()) {
    killer.over();
    stdin.close();
    captures?.stdout?.close();
    captures?.stderr?.close();
    if (terminal !== undefined) closeSync(terminal.own);
    const { facts, name } = planned.value;
    return err(startError(started.error, input.spec, name, facts.rootfs));
  }
  killer.running();
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
  return outcomeOf(planned.value.plan, end, killer, { stdout, stderr }, beganMs);
}

/** Where an output of `run()` goes: into the outcome, or into a stream of the caller. */
interface Sink {
  readonly finish: () => Promise<string>;
  readonly close: () => void;
}

interface Captures {
  readonly stdout: Sink | undefined;
  readonly stderr: Sink | undefined;
}

function capture({ stdout, stderr }: PreparedStdio, budget: Budget, killer: Killer): Captures {
  const one = (stream: PreparedStdio['stdout']): Sink | undefined => {
    if (stream.ours === undefined) return undefined;
    const flushed = connectOutput(stream, killer.fail);
    if (flushed === undefined) return new Capture(stream.ours, budget);
    return { finish: () => flushed().then(() => ''), close: () => void flushed() };
  };
  return { stdout: one(stdout), stderr: one(stderr) };
}

function openTerminal(own: number): Result<Terminal, HacoError> {
  const master = receiveDescriptor(own);
  closeSync(own);
  return master.map((fd) => new Terminal(fd));
}

/** How long a terminal that orphans hold open may stay silent after the container has ended. */
const orphanMs = 250;

function captureTerminal(terminal: Terminal, budget: Budget): () => Promise<string> {
  const chunks: Buffer[] = [];
  let seen = 0;
  const closed = new Promise<void>((resolve) => terminal.output.on('close', resolve));
  terminal.output.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, budget.take(chunk.length)));
    seen += 1;
  });
  return async () => {
    let before = -1;
    const timer = setInterval(() => {
      if (seen === before) terminal.output.destroy();
      before = seen;
    }, orphanMs);
    await closed;
    clearInterval(timer);
    return Buffer.concat(chunks).toString('utf8');
  };
}

/** Start, and give the handle as soon as the command runs (or waits at its start fifo). */
export async function start(
  input: StartInput,
  remember: (planned: PlannedStart) => void,
): Promise<Result<Container, HacoError>> {
  const beganMs = performance.now();
  const aborted = alreadyAborted(input.spec);
  if (aborted !== undefined) return err(aborted);
  const planned = await preparePlan(input);
  if (planned.isErr()) return err(planned.error);
  remember(planned.value);
  const launched = launchPlan(input, planned.value, 'pipe');
  if (launched.isErr()) return err(launched.error);
  const { launch, streams, terminal, created } = launched.value;
  const { plan, facts } = planned.value;
  const name = input.cached === undefined ? planned.value.name : nameOf(input.spec);

  const killer = new Killer(launch, input.spec);
  const begun = await Promise.race([launch.started, created]);
  if (typeof begun !== 'number' && begun.isErr()) {
    killer.over();
    discard([streams.stdin, streams.stdout, streams.stderr].map((stream) => ({ ...stream, closeTheirs: false })));
    if (terminal !== undefined) closeSync(terminal.own);
    return err(startError(begun.error, input.spec, name, facts.rootfs));
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
  const ended = launch.ended.then(async (end) => {
    killer.over();
    stdin.close();
    await Promise.all(outputs.map((flushed) => flushed?.() ?? Promise.resolve()));
    return outcomeOf(plan, end, killer, { stdout: '', stderr: '' }, beganMs);
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
    return err<Outcome, HacoError>(startError(result.error, input.spec, name, facts.rootfs));
  });
  const view = screen.value;
  const outcome = failed.then((result) => {
    if (view !== undefined) {
      if (view.output.destroyed || view.output.readableEnded) view.close();
      else view.output.once('close', () => view.close());
    }
    return result;
  });
  return ok(
    new Container({
      name,
      pid: typeof begun === 'number' ? begun : begun.value.pid,
      stdin: view?.input ?? stdin.stream,
      stdout: view?.output ?? openOutput(streams.stdout),
      stderr: view === undefined ? openOutput(streams.stderr) : null,
      resize: view === undefined ? undefined : (columns, rows) => view.resize(columns, rows),
      outcome,
      kill: (signal) => launch.kill(signal),
    }),
  );
}
