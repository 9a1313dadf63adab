/** Looks after one container: its output, its health, its restarts, its end, and what others ask for. */
import { writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { InvalidSpecError, IoError, issue, StateError, type HacoError } from '@haco/plan';
import { hintFor, probeHost } from '@haco/sys';
import type { Container } from '../container.js';
import type { Outcome } from '../outcome.js';
import { removePidFile } from '../state/collect.js';
import { noteGroups, ownGroups } from '../state/groups.js';
import type { Keeper } from '../state/keeper.js';
import type { UpdateReport } from '../update.js';
import type { Handlers } from './control.js';
import { describeAgain, describeRequest, jsonOf, type Described } from './describe-request.js';
import { HealthMonitor } from './health-monitor.js';
import { defaultStop, handlersOf, stopContainer, type Held, type StopRequest } from './live-container.js';
import { LineSplitter } from './logs/line-splitter.js';
import type { LogRecord } from './logs/record.js';
import type { LogSink } from './logs/sink.js';
import { planReload, type ReloadPlan } from './reload-plan.js';
import type { ReloadReport } from './reload-report.js';
import type { SupervisorRequest } from './request.js';
import { goodRunMs, pauseBeforeRestart } from './restart-decision.js';
import { runningState } from './running-state.js';
import type { SupervisionSection } from './section.js';

/** How long output that is on its way may take after the end. */
const drainMs = 250;

/** What a supervisor is made of. */
export interface SupervisorParts {
  readonly keeper: Keeper;
  readonly request: SupervisorRequest;
  readonly described: Described;
  readonly sink: LogSink;
  /** Something was done: memory may be given back afterwards. */
  readonly busy: () => void;
}

/** One container, through all its runs. */
export class Supervisor {
  /** Settles when it has ended for good. */
  readonly end: Promise<Result<Outcome, HacoError>>;
  readonly handlers: Handlers;
  readonly #keeper: Keeper;
  readonly #sink: LogSink;
  readonly #busy: () => void;
  readonly #held: Held;
  #request: SupervisorRequest;
  #described: Described;
  #container: Container | undefined;
  #monitor: HealthMonitor | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopRequested = false;
  #restartRequested = false;
  /** Restarts in a row. */
  #row = 0;
  #beganMs = 0;
  /** Whether it was ready once: a restart isn't held up by that. */
  #wasReady = false;
  #finish!: (end: Result<Outcome, HacoError>) => void;
  /** Reloads come one after the other. */
  #reloads: Promise<unknown> = Promise.resolve();

  constructor({ keeper, request, described, sink, busy }: SupervisorParts) {
    this.#keeper = keeper;
    this.#request = request;
    this.#described = described;
    this.#sink = sink;
    this.#busy = busy;
    this.end = new Promise((resolve) => (this.#finish = resolve));
    this.#held = {
      container: () => this.#container,
      isPaused: () => keeper.state.status === 'paused',
      paused: (paused) => this.#tellPaused(paused),
      stopRequested: () => this.#requestStop(),
      endExpected: (expected) => this.#expectEnd(expected),
      stopDefault: () => this.#stopDefault(),
      end: this.end,
    };
    this.handlers = { ...handlersOf(this.#held), reload: (argument) => this.reload(argument) };
  }

  get #section(): SupervisionSection {
    return (this.#described.spec['supervision'] as SupervisionSection | undefined) ?? {};
  }

  /** Start it. Errors: as `start()`; `io`, when its state or its pid file can't be written. */
  async start(): Promise<Result<void, HacoError>> {
    const { builder, spec } = this.#described;
    this.#beganMs = performance.now();
    const started = await builder.start();
    if (started.isErr()) return err(started.error);
    const container = started.value;
    this.#container = container;
    const drained = Promise.all([this.#keep('stdout', container.stdout), this.#keep('stderr', container.stderr)]);
    const told = this.#keeper
      .tell({ ...runningState(container, spec['cgroups'], probeHost()), spec: jsonOf(spec), failure: null })
      .andThen(() => this.#writePidFile(container.pid));
    if (told.isErr()) {
      await this.#endUntold(container);
      return err(told.error);
    }
    if (this.#request.ready === true && !this.#wasReady) {
      const ready = await container.ready();
      if (ready.isErr()) {
        await this.#endUntold(container);
        return err(ready.error);
      }
      this.#wasReady = true;
    }
    this.#watchHealth(container);
    void container.wait().then(async (result) => {
      this.#monitor?.stop();
      // What it wrote last is in the log before anybody hears of its end.
      await Promise.race([drained, sleep(drainMs)]);
      this.#ended(result);
    });
    return ok(undefined);
  }

  /** One that nobody will hear of. */
  async #endUntold(container: Container): Promise<void> {
    void container.kill('SIGKILL');
    void (await container.wait());
    removePidFile(this.#keeper.state);
    this.#container = undefined;
  }

  /** It shall end, as its definition says. */
  stop(): void {
    void stopContainer(this.#held, this.#stopDefault());
  }

  /** Read its definition again, or take the one that is given, and bring what changed into force. */
  reload(argument: unknown): ResultAsync<ReloadReport, HacoError> {
    const turn = this.#reloads.then(() => this.#reload(argument));
    this.#reloads = turn.catch(() => undefined);
    this.#busy();
    return new ResultAsync(turn);
  }

  #stopDefault(): StopRequest {
    return this.#section.stop ?? defaultStop;
  }

  /** Write a stream to the log, line by line; settles when it is closed. */
  #keep(name: LogRecord['stream'], stream: Readable | null): Promise<void> {
    if (stream === null) return Promise.resolve();
    const lines = new LineSplitter((line, partial) => this.#sink.write(name, line, partial));
    stream.on('data', (chunk: Buffer) => lines.push(chunk));
    stream.on('error', () => undefined);
    return new Promise((resolve) =>
      stream.once('close', () => {
        lines.end();
        resolve();
      }),
    );
  }

  #writePidFile(pid: number): Result<void, HacoError> {
    const path = this.#keeper.state.pidFile;
    if (path === null) return ok(undefined);
    try {
      writeFileSync(path, `${String(pid)}\n`);
      return ok(undefined);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      return err(new IoError({ what: 'write the pid file', path, errno, hint: hintFor('openat', errno) }));
    }
  }

  #watchHealth(container: Container): void {
    this.#monitor?.stop();
    const section = this.#section.health;
    if (section === undefined) {
      if (this.#keeper.state.health !== null) this.#keeper.tell({ health: null }).unwrapOr(undefined);
      return;
    }
    this.#monitor = new HealthMonitor({
      section,
      check: ([file = '', ...args], timeoutMs) =>
        Promise.resolve(container.exec({ command: [file, ...args], timeout: timeoutMs, outputLimit: '64KiB' })),
      changed: (health) => {
        this.#keeper.tell({ health }).unwrapOr(undefined);
        this.#busy();
      },
      unhealthy: () => this.#unhealthy(container),
      isPaused: () => this.#keeper.state.status === 'paused',
    });
  }

  #unhealthy(container: Container): void {
    const action = this.#section.health?.onUnhealthy;
    if (action === 'stop') this.stop();
    if (action !== 'restart') return;
    this.#restartRequested = true;
    const { signal, timeoutMs } = this.#stopDefault();
    void container.kill(signal);
    const timer = setTimeout(() => {
      void container.kill('SIGKILL');
    }, timeoutMs);
    void container.wait().then(() => clearTimeout(timer));
  }

  #tellPaused(paused: boolean): void {
    const { name } = this.#keeper.state;
    const own = this.#container?.['~freezerGroups'] ?? [];
    const cgroups = [...ownGroups(name, this.#described.spec['cgroups'], probeHost()), ...noteGroups(own)];
    this.#keeper.tell({ status: paused ? 'paused' : 'running', cgroups }).unwrapOr(undefined);
  }

  /** As a stop that nobody has asked the container for; what was not to be after all is taken back. */
  #expectEnd(expected: boolean): void {
    if (this.#container === undefined || expected === this.#stopRequested) return;
    this.#stopRequested = expected;
    this.#keeper.tell({ stopRequested: expected }).unwrapOr(undefined);
  }

  #requestStop(): void {
    if (this.#stopRequested) return;
    this.#stopRequested = true;
    this.#keeper.tell({ stopRequested: true }).unwrapOr(undefined);
    // Between two runs there is nothing to wait for.
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#over();
    }
  }

  /** A run is over, or couldn't be begun. */
  #ended(result: Result<Outcome, HacoError>): void {
    this.#container = undefined;
    removePidFile(this.#keeper.state);
    if (performance.now() - this.#beganMs >= goodRunMs) this.#row = 0;
    this.#keeper
      .tell({
        status: 'running',
        pid: null,
        startTime: null,
        cgroups: [],
        finishedAt: new Date().toISOString(),
        outcome: result.unwrapOr(this.#keeper.state.outcome),
        failure: result.isErr() ? result.error.message : null,
      })
      .unwrapOr(undefined);
    const pauseMs = pauseBeforeRestart(this.#section.restart, {
      succeeded: result.isOk() && result.value.exitCode === 0,
      stopRequested: this.#stopRequested,
      restartRequested: this.#restartRequested,
      row: this.#row,
    });
    this.#restartRequested = false;
    if (pauseMs === undefined) this.#over(result);
    else this.#timer = setTimeout(() => void this.#again(), pauseMs);
  }

  async #again(): Promise<void> {
    this.#timer = undefined;
    this.#row += 1;
    this.#keeper.tell({ restarts: this.#keeper.state.restarts + 1 }).unwrapOr(undefined);
    const started = await this.start();
    this.#busy();
    if (started.isErr()) this.#ended(err(started.error));
    else if (this.#stopRequested) this.stop();
  }

  /** For good. */
  #over(result?: Result<Outcome, HacoError>): void {
    const { outcome, failure } = this.#keeper.state;
    const kept = outcome === null ? err(neverRan(failure)) : ok<Outcome, HacoError>(outcome);
    this.#keeper.tellLast({ status: 'stopped', supervisor: null, health: null }).unwrapOr(undefined);
    this.#finish(result ?? kept);
  }

  async #reload(argument: unknown): Promise<Result<ReloadReport, HacoError>> {
    const next = await this.#next((argument as { spec?: unknown } | null)?.spec);
    if (next.isErr()) return err(next.error);
    const { described, request } = next.value;
    // What is in force: what an earlier reload has put off counts again.
    const before = this.#keeper.state.spec;
    const now = jsonOf(described.spec);
    if (described.spec.identity.name !== this.#keeper.state.name) {
      const message = `can't become ${String(described.spec.identity.name)} while it runs; start another container`;
      return err(new InvalidSpecError({ issues: [issue('identity.name', message)] }));
    }
    const plan = planReload(before, now);
    const container = this.#container;
    const none: UpdateReport = { limits: [], rlimits: [] };
    const updated: Result<UpdateReport, HacoError> =
      container === undefined || Object.keys(plan.update).length === 0 ? ok(none) : await container.update(plan.update);
    if (updated.isErr()) return err(updated.error);
    this.#request = request;
    this.#described = described;
    const spec = inForce(before, now, container === undefined ? undefined : plan);
    this.#keeper.tell({ spec, metadata: described.spec.identity.metadata }).unwrapOr(undefined);
    if (container !== undefined && plan.live.includes('supervision.health')) this.#watchHealth(container);
    if (container === undefined) return ok({ ...updated.value, applied: plan.live, needsRestart: [] });
    const called = await container['~reloaded'](described.spec);
    return called.map(() => ({ ...updated.value, applied: plan.live, needsRestart: plan.needsRestart }));
  }

  /** What shall be from now on. */
  async #next(spec: unknown): Promise<Result<{ described: Described; request: SupervisorRequest }, HacoError>> {
    const { definition } = this.#request;
    if (spec !== undefined) {
      const request = { ...this.#request, spec: spec as SupervisorRequest['spec'] };
      return (await describeRequest(request)).map((described) => ({ described, request }));
    }
    if (definition === undefined) {
      return err(
        new StateError({
          what: 'read its definition again',
          state: 'the container was started without one',
          remedy: 'say detach({ definition: path }) when it is started, or give a builder to reload()',
        }),
      );
    }
    const again = await describeAgain({ ...this.#request, definition }, this.#described.defined ?? {});
    return again.map(({ sent, ...described }) => ({ described, request: { ...this.#request, spec: sent } }));
  }
}

/** What holds of the container that runs: the new values of what was brought into force, the old ones of the rest. */
function inForce(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  plan: ReloadPlan | undefined,
): Readonly<Record<string, unknown>> {
  if (plan === undefined) return now;
  const spec: Record<string, unknown> = { ...before };
  for (const path of plan.live) {
    const [section = '', field = ''] = path.split('.');
    const fresh = now[section] as Readonly<Record<string, unknown>>;
    spec[section] = { ...(spec[section] as object), [field]: fresh[field] };
  }
  return spec;
}

function neverRan(failure: string | null): HacoError {
  return new StateError({
    what: 'tell how it ended',
    state: `it didn't (${(failure ?? 'nothing is known').replace(/\.$/, '')})`,
    remedy: 'mend that and start it again',
  });
}
