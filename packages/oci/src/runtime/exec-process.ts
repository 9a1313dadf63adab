/** `process` of a further program in a container: as a file gives it, or as the container's own with what flags change. */
import { readFileSync } from 'node:fs';
import { InvalidSpecError, IoError, issue, quote, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { listOf, valueOf, type Values } from './command-line.js';

type Json = Readonly<Record<string, unknown>>;

function wrong(path: string, message: string): Result<never, HacoError> {
  return err(new InvalidSpecError({ issues: [issue(path, message)] }));
}

function fromFile(path: string): Result<Json, HacoError> {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'read the process', path, errno, hint: 'give a file with the JSON of a process' }));
  }
  try {
    const json = JSON.parse(text) as unknown;
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return ok(json as Json);
    return wrong('process', `${path} holds no object`);
  } catch (error) {
    return wrong('process', `${path} is not JSON (${(error as Error).message})`);
  }
}

/** `uid`, or `uid:gid`. */
function userOf(text: string, given: unknown): Result<Json, HacoError> {
  const ids = /^(\d+)(?::(\d+))?$/.exec(text);
  if (ids === null) return wrong('--user', `${quote(text)} is no user; write its number, or uid:gid`);
  return ok({ ...(given as object), uid: Number(ids[1]), ...(ids[2] === undefined ? {} : { gid: Number(ids[2]) }) });
}

/** In the bounding, effective and permitted set besides those that the container has, as with runc. */
function withCapabilities(names: readonly string[], given: unknown): unknown {
  if (names.length === 0) return given;
  const sets = (typeof given === 'object' && given !== null ? given : {}) as Readonly<
    Record<string, readonly string[]>
  >;
  const added = Object.fromEntries(
    ['bounding', 'effective', 'permitted'].map((set) => [set, [...new Set([...(sets[set] ?? []), ...names])]]),
  );
  return { ...sets, ...added };
}

/**
 * The process as the configuration would have it.
 *
 * @param own - the container's
 */
export function execProcess(options: Values, args: readonly string[], own: unknown): Result<Json, HacoError> {
  const file = valueOf(options, 'process');
  if (file !== undefined) return fromFile(file);
  if (args.length === 0) return wrong('process.args', 'must name a program; give one, or --process');
  const base = (typeof own === 'object' && own !== null ? own : {}) as Json;
  const cwd = valueOf(options, 'cwd');
  const user = valueOf(options, 'user');
  const apparmor = valueOf(options, 'apparmor');
  const label = valueOf(options, 'process-label');
  const groups = listOf(options, 'additional-gids').map(Number);
  const owner = user === undefined ? ok<unknown, HacoError>(base['user']) : userOf(user, base['user']);
  return owner.map((whose) => ({
    ...base,
    args,
    terminal: options['tty'] === true,
    env: [...((base['env'] ?? []) as readonly string[]), ...listOf(options, 'env')],
    user: groups.length === 0 ? whose : { ...(whose as object), additionalGids: groups },
    capabilities: withCapabilities(listOf(options, 'cap'), base['capabilities']),
    ...(cwd === undefined ? {} : { cwd }),
    ...(apparmor === undefined ? {} : { apparmorProfile: apparmor }),
    ...(label === undefined ? {} : { selinuxLabel: label }),
    ...(options['no-new-privs'] === true ? { noNewPrivileges: true } : {}),
  }));
}
