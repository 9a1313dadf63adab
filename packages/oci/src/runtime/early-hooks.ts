/** Hooks before the root is entered: those of the host, and `createContainer`, a program of the host in the namespaces of the container. */
import { readlinkSync } from 'node:fs';
import type { HacoError } from '@haco/core';
import type { Result } from 'neverthrow';
import { stateOf, type ContainerRecord } from './container-record.js';
import { hasHooks, runHooks, type Hooks } from './hooks.js';
import { stateInside } from './start-hooks.js';

/** Files of /proc/PID/ns, with the options of nsenter(1). */
const namespaces = [
  ['mnt', '--mount'],
  ['uts', '--uts'],
  ['ipc', '--ipc'],
  ['net', '--net'],
  ['pid', '--pid'],
  ['cgroup', '--cgroup'],
  ['time', '--time'],
] as const;

function differs(pid: number, file: string): boolean {
  const of = (whose: string): string => readlinkSync(`/proc/${whose}/ns/${file}`);
  try {
    return of(String(pid)) !== of('self');
  } catch {
    // A kernel without this kind.
    return false;
  }
}

/** The command line in front of a program: into all that the container has for itself. */
function entering(pid: number): readonly string[] {
  const kinds = namespaces.filter(([file]) => differs(pid, file)).map(([, option]) => option);
  // As the root of its users, as which the container is made.
  const users = differs(pid, 'user') ? ['--user', '--setuid', '0', '--setgid', '0'] : [];
  return ['nsenter', '--target', String(pid), ...kinds, ...users, '--'];
}

/** Whether there are any. */
export function hasEarlyHooks(hooks: Hooks): boolean {
  return hasHooks(hooks, 'prestart', 'createRuntime', 'createContainer');
}

/** Run them, up to the first that fails. */
export async function runEarlyHooks(record: ContainerRecord): Promise<Result<void, HacoError>> {
  const { hooks, bundle: cwd, process: first } = record;
  const state = { ...stateOf(record, 'running'), status: 'creating' };
  const ran = await runHooks(hooks, 'prestart', state, { cwd });
  const then = ran.isErr() ? ran : await runHooks(hooks, 'createRuntime', state, { cwd });
  if (then.isErr() || first === undefined || !hasHooks(hooks, 'createContainer')) return then;
  return runHooks(hooks, 'createContainer', stateInside(record, 'creating'), { cwd, prefix: entering(first.pid) });
}
