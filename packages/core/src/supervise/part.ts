/** The part `supervision`: no steps of its own, a supervisor reads it. */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import { issue, parseBytes, parseDuration, quote, Rejected, type Duration, type Issue, type Part } from '@haco/plan';
import type { HealthOptions, LogOptions, RestartOptions, SupervisionMethods } from './methods.js';
import {
  usualPauses,
  defaultLogs,
  restartPolicies,
  type HealthSection,
  type LogsSection,
  type RestartPolicy,
  type RestartSection,
  type StopSection,
  type SupervisionSection,
} from './section.js';

/** Collects what is wrong with the arguments of one verb. */
class Reader {
  readonly issues: Issue[] = [];

  constructor(private readonly path: string) {}

  wrong(key: string, message: string): void {
    this.issues.push(issue(`supervision.${this.path}.${key}`, message));
  }

  duration(key: string, given: Duration | undefined, otherwise: number): number {
    if (given === undefined) return otherwise;
    return parseDuration(given).match(
      (ms) => ms,
      (message) => {
        this.wrong(key, message);
        return otherwise;
      },
    );
  }

  into<T extends object>(section: SupervisionSection, value: T): SupervisionSection | Rejected {
    return this.issues.length > 0 ? new Rejected(this.issues) : { ...section, [this.path]: value };
  }
}

function restart(
  section: SupervisionSection,
  policy: RestartPolicy,
  { max, delay, backoff = usualPauses.backoff }: RestartOptions = {},
): SupervisionSection | Rejected {
  const reader = new Reader('restart');
  const delayMs = reader.duration('delayMs', delay, usualPauses.delayMs);
  return reader.into<RestartSection>(section, { policy, delayMs, backoff, ...(max === undefined ? {} : { max }) });
}

function health(section: SupervisionSection, options: HealthOptions): SupervisionSection | Rejected {
  const reader = new Reader('health');
  return reader.into<HealthSection>(section, {
    command: options.command,
    intervalMs: reader.duration('intervalMs', options.interval, 30_000),
    timeoutMs: reader.duration('timeoutMs', options.timeout, 30_000),
    retries: options.retries ?? 3,
    startPeriodMs: reader.duration('startPeriodMs', options.startPeriod, 0),
    onUnhealthy: options.onUnhealthy ?? 'nothing',
  });
}

function logs(section: SupervisionSection, options: LogOptions): SupervisionSection | Rejected {
  const reader = new Reader('logs');
  const { to = defaultLogs.to, file, maxSize, files = defaultLogs.files, socket } = options;
  const maxBytes =
    maxSize === undefined
      ? defaultLogs.maxBytes
      : parseBytes(maxSize).match(
          (bytes) => bytes,
          (message) => {
            reader.wrong('maxBytes', message);
            return 0;
          },
        );
  return reader.into<LogsSection>(section, {
    to,
    maxBytes,
    files,
    ...(file === undefined ? {} : { file }),
    ...(socket === undefined ? {} : { socket }),
  });
}

function stopSignal(
  section: SupervisionSection,
  signal: NodeJS.Signals | number,
  { timeout }: { readonly timeout?: Duration } = {},
): SupervisionSection | Rejected {
  const reader = new Reader('stop');
  const number = typeof signal === 'number' ? signal : constants.signals[signal];
  const timeoutMs = reader.duration('timeoutMs', timeout, 10_000);
  if (number === undefined) reader.wrong('signal', `${quote(String(signal))} is no signal; use a name of signal(7)`);
  return reader.into<StopSection>(section, { signal: number ?? 0, timeoutMs });
}

type Json = Readonly<Record<string, unknown>>;

const isCount = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && (value as number) >= least;
const isMs = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value < 2 ** 31;
const isAbsolute = (value: unknown): boolean =>
  typeof value === 'string' && value.startsWith('/') && !value.includes('\0');

/** For each field of the section: its fields, what they must be, and whether they may be missing. */
const shapes: Readonly<Record<string, Readonly<Record<string, [check: (value: unknown) => boolean, is: string]>>>> = {
  restart: {
    policy: [
      (value) => (restartPolicies as readonly unknown[]).includes(value),
      `must be ${restartPolicies.join(', ')}`,
    ],
    'max?': [(value) => isCount(value, 0), 'must be a whole number, 0 or more'],
    delayMs: [isMs, 'must be milliseconds, less than 24 days'],
    backoff: [(value) => typeof value === 'number' && value >= 1 && value <= 100, 'must be a number from 1 to 100'],
  },
  health: {
    command: [
      (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'),
      'must be a program and its arguments',
    ],
    intervalMs: [(value) => isMs(value) && (value as number) >= 10, 'must be 10 ms or more, less than 24 days'],
    timeoutMs: [(value) => isMs(value) && (value as number) > 0, 'must be more than 0 ms, less than 24 days'],
    retries: [(value) => isCount(value, 1), 'must be a whole number, 1 or more'],
    startPeriodMs: [isMs, 'must be milliseconds, less than 24 days'],
    onUnhealthy: [
      (value) => ['nothing', 'restart', 'stop'].includes(value as string),
      'must be nothing, restart or stop',
    ],
  },
  logs: {
    to: [
      (value) => ['file', 'journald', 'syslog', 'none'].includes(value as string),
      'must be file, journald, syslog or none',
    ],
    'file?': [isAbsolute, 'must be an absolute path'],
    maxBytes: [(value) => isCount(value, 1024), 'must be 1 KiB or more'],
    files: [(value) => isCount(value, 1) && (value as number) <= 1000, 'must be from 1 to 1000'],
    'socket?': [isAbsolute, 'must be an absolute path'],
  },
  stop: {
    signal: [(value) => isCount(value, 1) && (value as number) <= 64, 'must be the number of a signal'],
    timeoutMs: [isMs, 'must be milliseconds, less than 24 days'],
  },
};

function problems(section: Json): readonly Issue[] {
  return Object.entries(section).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
    if (shape === undefined) return [issue(key, 'is no field of this section')];
    if (typeof value !== 'object' || value === null) return [issue(key, 'must be an object')];
    return Object.entries(shape).flatMap(([field, [check, is]]) => {
      const name = field.replace('?', '');
      const given = (value as Json)[name];
      if (given === undefined && field.endsWith('?')) return [];
      return check(given) ? [] : [issue(`${key}.${name}`, is)];
    });
  });
}

function parse(json: unknown): Result<SupervisionSection, readonly Issue[]> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return err([issue('', 'must be an object')]);
  const found = problems(json as Json);
  return found.length > 0 ? err(found) : ok(json);
}

/** The part. */
export const supervision = {
  key: 'supervision',
  scope: 'container',
  empty: {},
  verbs: { restart, health, logs, stopSignal },
  parse,
  validate: (section) => problems(section as Json).map(({ path, message }) => issue(`supervision.${path}`, message)),
  plan: () => [],
} as const satisfies Part<'supervision', SupervisionSection, SupervisionMethods>;
