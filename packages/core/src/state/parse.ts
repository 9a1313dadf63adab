/** State from disk: a file that is truncated, of another version or not ours becomes one sentence, never an exception. */
import { err, ok, type Result } from 'neverthrow';
import { parseName } from '@haco/plan';
import type { Outcome } from '../outcome.js';
import { containerStatuses, type ContainerState } from './container-state.js';

type Check = (value: unknown) => boolean;
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isPid: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isTime: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isPath: Check = (value) => typeof value === 'string' && value.startsWith('/') && !value.includes('\0');
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([key, check]) => check(value[key]));
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isTags: Check = (value) => isObject(value) && Object.values(value).every(isText);

/** A directory of cgroup that `rmdir` may be asked to remove: no way up, and it ends with the container's own name. */
const isGroupPath: Check = (value) => isPath(value) && !(value as string).split('/').includes('..');

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const reasons: readonly string[] = [
  'exited',
  'signaled',
  'oom',
  'pids-limit',
  'timeout',
  'cpu-timeout',
  'seccomp',
  'output-limit',
  'aborted',
];

/** Whether it is an outcome that came through JSON. */
export const isOutcome = shape({
  reason: (value) => isText(value) && reasons.includes(value as string),
  exitCode: orNull(isCount),
  signal: orNull(isText),
  stdout: isText,
  stderr: isText,
  durationMs: isNumber,
  usage: (value) => isObject(value) && Object.values(value).every(isNumber),
  enforced: isObject,
  steps: Array.isArray,
}) as (value: unknown) => value is Outcome;

const fields: Readonly<Record<keyof ContainerState, Check>> = {
  version: (value) => value === 1,
  name: (value) => parseName(value).isOk(),
  status: (value) => (containerStatuses as readonly unknown[]).includes(value),
  pid: orNull(isPid),
  startTime: orNull(isCount),
  supervisor: orNull(shape({ pid: isPid, startTime: isCount, detached: isFlag })),
  spec: isObject,
  definition: optional(isText),
  createdAt: isTime,
  startedAt: orNull(isTime),
  finishedAt: orNull(isTime),
  outcome: orNull(isOutcome),
  failure: orNull(isText),
  rootfs: orNull(isText),
  cgroups: listOf(
    shape({
      version: (value) => value === 1 || value === 2,
      path: isGroupPath,
      inode: orNull((value) => isText(value) && /^\d{1,20}$/.test(value as string)),
    }),
  ),
  logFile: orNull(isPath),
  pidFile: orNull(isPath),
  metadata: isTags,
  restarts: isCount,
  health: orNull(
    shape({
      status: (value) => value === 'starting' || value === 'healthy' || value === 'unhealthy',
      failures: isCount,
      checkedAt: orNull(isTime),
      output: isText,
    }),
  ),
  autoRemove: isFlag,
  stopRequested: isFlag,
  bootId: isText,
};

/**
 * The state of the container `name`, from the text of its file. The error says what is wrong with the text, as the end of a sentence.
 *
 * @param name - of the directory that the file is in: it can't speak for another container
 */
export function parseState(text: string, name: string): Result<ContainerState, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err('it is not JSON: it was cut off or overwritten');
  }
  if (!isObject(json)) return err('it holds no object');
  if (json['version'] !== 1)
    return err(`its version is ${JSON.stringify(json['version'] ?? null).slice(0, 50)}, not 1`);
  const wrong = Object.entries(fields).find(([key, check]) => !check(Object.hasOwn(json, key) ? json[key] : undefined));
  if (wrong !== undefined) return err(`its field ${wrong[0]} makes no sense`);
  const state = json as unknown as ContainerState;
  if (state.name !== name) return err('it belongs to a container of another name');
  const foreign = state.cgroups.find(
    ({ path }) => path.slice(path.lastIndexOf('/') + 1).replace(/~frozen(\.\d+)?$/, '') !== name,
  );
  if (foreign !== undefined) return err('its field cgroups names a group of something else');
  return ok(state);
}
