/** `update`: other limits for a container that runs. */
import { readFileSync } from 'node:fs';
import { updateGroup, type CgroupsSection } from '@haco/cgroups';
import { InvalidSpecError, IoError, issue, quote, type HacoError, type Issue } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { valueOf, type Values } from '../command-line.js';
import { findContainer, processOfFound } from '../find-container.js';
import { groupsFor } from '../groups.js';
import { sectionOfResources } from '../../import/resources.js';
import type { Run } from './command.js';

/** Flags, and the fields that they set. */
const fields = {
  memory: ['memory', 'limit'],
  'memory-reservation': ['memory', 'reservation'],
  'memory-swap': ['memory', 'swap'],
  'cpu-burst': ['cpu', 'burst'],
  'cpu-idle': ['cpu', 'idle'],
  'cpu-quota': ['cpu', 'quota'],
  'cpu-period': ['cpu', 'period'],
  'cpu-share': ['cpu', 'shares'],
  'cpu-rt-period': ['cpu', 'realtimePeriod'],
  'cpu-rt-runtime': ['cpu', 'realtimeRuntime'],
  'cpuset-cpus': ['cpu', 'cpus'],
  'cpuset-mems': ['cpu', 'mems'],
  'pids-limit': ['pids', 'limit'],
  'blkio-weight': ['blockIO', 'weight'],
} as const;

const texts: ReadonlySet<string> = new Set(['cpuset-cpus', 'cpuset-mems']);

function fromFlags(options: Values): Result<unknown, HacoError> {
  const resources: Record<string, Record<string, number | string>> = {};
  const issues: Issue[] = [];
  for (const [flag, [group, field]] of Object.entries(fields)) {
    const text = valueOf(options, flag);
    if (text === undefined || text === '') continue;
    const value = texts.has(flag) ? text : Number(text);
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      issues.push(issue(`--${flag}`, `${quote(text)} is no whole number`));
    (resources[group] ??= {})[field] = value;
  }
  return issues.length > 0 ? err(new InvalidSpecError({ issues })) : ok(resources);
}

function fromFile(path: string): Result<unknown, HacoError> {
  try {
    return ok(JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8')) as unknown);
  } catch (error) {
    if (error instanceof SyntaxError)
      return err(new InvalidSpecError({ issues: [issue('--resources', `${path} is not JSON (${error.message})`)] }));
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(
      new IoError({ what: 'read the resources', path, errno, hint: 'give a file with the JSON of linux.resources' }),
    );
  }
}

/** Where 0 is a value like others. */
const meantZeros: ReadonlySet<string> = new Set(['idle', 'burst', 'swappiness']);

/** 0 is how encoders of Go say nothing: what it stands for stays as it is. */
export function withoutZeros(json: unknown): unknown {
  if (Array.isArray(json)) return json;
  if (typeof json !== 'object' || json === null) return json;
  const said = Object.entries(json).filter(([key, value]) => value !== 0 || meantZeros.has(key));
  return Object.fromEntries(said.map(([key, value]) => [key, withoutZeros(value)]));
}

export const run: Run = async ({ root, options, rest }) => {
  const found = findContainer(root, rest[0] ?? '').andThen((one) =>
    processOfFound(one, 'update the container').map(() => one),
  );
  if (found.isErr()) return err(found.error);
  const file = valueOf(options, 'resources');
  const section = (file === undefined ? fromFlags(options) : fromFile(file)).andThen(
    (json): Result<CgroupsSection, HacoError> => sectionOfResources(withoutZeros(json)),
  );
  if (section.isErr()) return err(section.error);
  const groups = groupsFor(found.value.record, 'update the container');
  if (groups.isErr()) return err(groups.error);
  return (await updateGroup(groups.value, section.value)).map(() => 0);
};
