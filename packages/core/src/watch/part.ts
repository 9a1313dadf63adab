/** The part `watch`: what Node looks at, and does, while a container runs. */
import { constants } from 'node:os';
import type { PressureTrigger } from '@haco/cgroups';
import { err, ok, type Result } from 'neverthrow';
import {
  isLiveJson,
  issue,
  Live,
  parseDuration,
  quote,
  rejected,
  type Duration,
  type Issue,
  type Part,
  type Rejected,
} from '@haco/plan';
import { watch } from './watch.js';
import type {
  ContainerEvent,
  EventHandler,
  ReadinessCheck,
  ReadinessEntry,
  SignalHandler,
  TimerEntry,
  TimerHandler,
  TimerOptions,
  WatchSection,
} from './section.js';

/** The verbs for what happens beside a running container. */
export interface WatchMethods {
  /**
   * Call a function at times while the container runs. Further timers add to earlier ones. A call that fails is told as a warning, and
   * the timer goes on. It stops with the container, and doesn't keep Node alive.
   *
   * @param options - `after` some time, `every` so often, so many `times`; milliseconds, or text such as `'10s'`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco()
   *   .memory('256MiB')
   *   .timer({ every: '10s', times: 6 }, ({ stats, log }) => {
   *     stats().map(({ memory }) => log(`uses ${memory?.currentBytes} bytes`));
   *   })
   *   .command('server');
   * ```
   */
  timer(options: TimerOptions, run: TimerHandler): this;
  /**
   * Say how to see that the container is ready: `container.ready()` and `start({ ready: true })` wait for it, and what depends on it in a
   * cluster. Several must all hold.
   *
   * @param check - one of `port`, `file`, `command`, `http`; `interval` and `timeout`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().unshare('net').readiness({ port: 8080, timeout: '10s' }).command('server');
   * haco().readiness({ http: 'http://127.0.0.1:8080/health', interval: '1s' }).command('server');
   * ```
   */
  readiness(check: ReadinessCheck): this;
  /**
   * Call a function when something happens to the container's cgroup, which a limit gives it: `oom`, `oom-kill`, `pids-limit`, …, or a
   * shortage: `memory-pressure`, `cpu-pressure`, `io-pressure`.
   *
   * @param options - when a shortage is told; see `container.events()`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco()
   *   .memory('256MiB')
   *   .onEvent('oom-kill', (event, { log }) => log('it has used too much'))
   *   .command('server');
   * ```
   */
  onEvent(event: ContainerEvent, run: EventHandler, options?: Omit<PressureTrigger, 'resource'>): this;
  /**
   * Call a function when this process gets a signal while the container runs: what the signal does by itself, it doesn't do then.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco()
   *   .cpu(50)
   *   .onSignal('SIGUSR1', ({ update }) => update({ cpu: 100 }))
   *   .command('server');
   * ```
   *
   * @see signal(7)
   */
  onSignal(signal: NodeJS.Signals, run: SignalHandler): this;
}

const longestMs = 2 ** 31 - 1;

function timer(section: WatchSection, options: TimerOptions, run: TimerHandler): WatchSection | Rejected {
  const path = `watch.timers[${String(section.timers.length)}]`;
  if (typeof run !== 'function') return rejected(`${path}.run`, 'must be a function');
  const { after, every, times } = options;
  const first = after ?? every;
  if (first === undefined) return rejected(path, 'says no time; give after, every, or both');
  const parsed = duration(first).andThen((afterMs) =>
    every === undefined ? ok({ afterMs }) : duration(every).map((everyMs) => ({ afterMs, everyMs })),
  );
  if (parsed.isErr()) return rejected(path, parsed.error);
  const entry: TimerEntry = {
    ...parsed.value,
    ...(times === undefined ? {} : { times }),
    run: new Live(run, 'a function'),
  };
  return { ...section, timers: [...section.timers, entry] };
}

function duration(text: Duration): Result<number, string> {
  return parseDuration(text).andThen((ms) =>
    ms >= 0 && ms <= longestMs ? ok(ms) : err('a time must be less than 24 days, the longest timer of Node'),
  );
}

const conditions = ['port', 'file', 'command', 'http'] as const;

function readiness(section: WatchSection, check: ReadinessCheck): WatchSection | Rejected {
  const path = `watch.readiness[${String(section.readiness.length)}]`;
  const said = conditions.filter((condition) => check[condition] !== undefined);
  if (said.length !== 1) {
    return rejected(
      path,
      `says ${said.length === 0 ? 'nothing' : said.join(' and ')}; give one of ${conditions.join(', ')}`,
    );
  }
  const quick = check.port !== undefined || check.file !== undefined;
  const intervalMs = check.interval === undefined ? ok(quick ? 20 : 250) : duration(check.interval);
  const timeoutMs = check.timeout === undefined ? ok(60_000) : duration(check.timeout);
  if (intervalMs.isErr()) return rejected(`${path}.intervalMs`, intervalMs.error);
  if (timeoutMs.isErr()) return rejected(`${path}.timeoutMs`, timeoutMs.error);
  const { interval: _interval, timeout: _timeout, ...condition } = check;
  const entry = { ...condition, intervalMs: intervalMs.value, timeoutMs: timeoutMs.value };
  return { ...section, readiness: [...section.readiness, entry] };
}

const events: readonly ContainerEvent[] = [
  'oom',
  'oom-kill',
  'memory-high',
  'memory-max',
  'pids-limit',
  'populated',
  'empty',
  'frozen',
  'thawed',
  'removed',
  'memory-pressure',
  'cpu-pressure',
  'io-pressure',
];

function onEvent(
  section: WatchSection,
  event: ContainerEvent,
  run: EventHandler,
  trigger?: Omit<PressureTrigger, 'resource'>,
): WatchSection | Rejected {
  const path = `watch.events[${String(section.events.length)}]`;
  if (!events.includes(event)) {
    return rejected(`${path}.event`, `${quote(String(event))} is no event; use ${events.join(', ')}`);
  }
  if (typeof run !== 'function') return rejected(`${path}.run`, 'must be a function');
  const entry = { event, ...(trigger === undefined ? {} : { trigger }), run: new Live(run, 'a function') };
  return { ...section, events: [...section.events, entry] };
}

/** Signals that can't be handled, or that Node and haco live by. */
const reserved: readonly string[] = ['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGSEGV', 'SIGFPE', 'SIGBUS', 'SIGILL'];

function onSignal(section: WatchSection, signal: NodeJS.Signals, run: SignalHandler): WatchSection | Rejected {
  const path = `watch.signals[${String(section.signals.length)}]`;
  if (!Object.hasOwn(constants.signals, signal)) {
    return rejected(`${path}.signal`, `${quote(String(signal))} is no signal; use a name of signal(7), e.g. SIGHUP`);
  }
  if (reserved.includes(signal)) return rejected(`${path}.signal`, `${signal} can't be handled; use another one`);
  if (typeof run !== 'function') return rejected(`${path}.run`, 'must be a function');
  return { ...section, signals: [...section.signals, { signal, run: new Live(run, 'a function') }] };
}

function parse(json: unknown): Result<WatchSection, readonly Issue[]> {
  if (typeof json !== 'object' || json === null) return err([issue('', 'must be an object')]);
  const issues: Issue[] = [];
  const section: Record<string, unknown> = {};
  for (const key of ['timers', 'readiness', 'events', 'signals'] as const) {
    const list = (json as Readonly<Record<string, unknown>>)[key] ?? [];
    section[key] = list;
    if (!Array.isArray(list)) {
      issues.push(issue(key, 'must be a list'));
      continue;
    }
    if (key === 'readiness') continue;
    (list as readonly { readonly run?: unknown }[]).forEach(({ run }, index) => {
      if (run instanceof Live) return;
      const what = isLiveJson(run) ? run.live : 'this';
      issues.push(
        issue(`${key}[${String(index)}].run`, `${what} can't come from JSON; call the verb on the builder again`),
      );
    });
  }
  return issues.length > 0 ? err(issues) : ok(section as unknown as WatchSection);
}

function validate({ timers, readiness: checks }: WatchSection): readonly Issue[] {
  const issues: Issue[] = [];
  timers.forEach(({ times, everyMs }, index) => {
    const path = `watch.timers[${String(index)}]`;
    if (times !== undefined && !(Number.isInteger(times) && times >= 1)) {
      issues.push(issue(`${path}.times`, 'must be a whole number from 1'));
    }
    if (everyMs !== undefined && !(everyMs >= 1)) issues.push(issue(`${path}.everyMs`, 'must be 1 ms at least'));
  });
  checks.forEach((check, index) => issues.push(...checkIssues(check, `watch.readiness[${String(index)}]`)));
  return issues;
}

function checkIssues(
  { port, file, command, http, intervalMs, timeoutMs }: ReadinessEntry,
  path: string,
): readonly Issue[] {
  const issues: Issue[] = [];
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    issues.push(issue(`${path}.port`, 'must be a port from 1 to 65535'));
  }
  if (file !== undefined && !(typeof file === 'string' && file.startsWith('/') && !file.includes('\0'))) {
    issues.push(issue(`${path}.file`, 'must be an absolute path, as seen inside'));
  }
  if (command !== undefined && !(Array.isArray(command) && command.length > 0)) {
    issues.push(issue(`${path}.command`, 'must be a list: a program and its arguments'));
  }
  if (http !== undefined && !(URL.canParse(http) && new URL(http).protocol === 'http:')) {
    issues.push(issue(`${path}.http`, `${quote(String(http))} is no address that begins with http://`));
  }
  if (!(intervalMs >= 1)) issues.push(issue(`${path}.intervalMs`, 'must be 1 ms at least'));
  if (!(timeoutMs > 0)) issues.push(issue(`${path}.timeoutMs`, 'must be more than 0 ms'));
  return issues;
}

/** The part `watch`: no steps; everything happens beside the container. */
export const watchPart = {
  key: 'watch',
  scope: 'container',
  empty: { timers: [], readiness: [], events: [], signals: [] },
  verbs: { timer, readiness, onEvent, onSignal },
  parse,
  validate,
  plan: () => [],
  effects: (section) => {
    const { timers, readiness: checks, events: subscribed, signals } = section;
    if (timers.length + checks.length + subscribed.length + signals.length === 0) return undefined;
    return {
      innermost: {
        running: (moment) => Promise.resolve(watch(section, moment)),
      },
    };
  },
} as const satisfies Part<'watch', WatchSection, WatchMethods>;
