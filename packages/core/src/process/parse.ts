/** The section `process` from JSON: shapes only, meanings are checked by the part's `validate`. */
import { err, ok, type Result } from 'neverthrow';
import { isLiveJson, Live, issue, type Issue, type Reader } from '@haco/plan';
import { readExecCpuAffinity } from './cpu-affinity.js';
import { readIoPriority } from './io-priority.js';
import { readScheduler } from './scheduler.js';
import { emptyProcess, type ProcessSection } from './section.js';

const isText = (value: unknown): boolean => typeof value === 'string';
const isId = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: unknown, of: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(of);

/** What has fields of its own that are worth a path. */
const readers = {
  scheduler: readScheduler,
  ioPriority: readIoPriority,
  execCpuAffinity: readExecCpuAffinity,
} as const satisfies Partial<Readonly<Record<keyof ProcessSection, Reader<unknown>>>>;

const shapes: Readonly<
  Record<Exclude<keyof ProcessSection, keyof typeof readers>, (value: unknown) => string | undefined>
> = {
  command: (value) =>
    isObject(value) && isText(value['file']) && isList(value['args'], isText)
      ? undefined
      : 'must be { file, args } of strings',
  workdir: (value) => (isText(value) ? undefined : 'must be a string'),
  env: (value) => (isObject(value) && Object.values(value).every(isText) ? undefined : 'must be an object of strings'),
  user: (value) =>
    isObject(value) &&
    isId(value['uid']) &&
    (value['gid'] === undefined || isId(value['gid'])) &&
    (value['groups'] === undefined || isList(value['groups'], isId))
      ? undefined
      : 'must be { uid, gid?, groups? } of names or numbers',
  umask: (value) => (typeof value === 'number' ? undefined : 'must be a number'),
  oomScoreAdj: (value) => (typeof value === 'number' ? undefined : 'must be a number'),
  cpuAffinity: (value) => (isText(value) ? undefined : 'must be a string'),
  initialCpuAffinity: () => 'is only for processes that join a container',
  personality: (value) => (isText(value) ? undefined : 'must be a string'),
  stdin: stdio,
  stdout: stdio,
  stderr: stdio,
  tty: (value) =>
    isObject(value) && typeof value['columns'] === 'number' && typeof value['rows'] === 'number'
      ? undefined
      : 'must be { columns, rows }',
  init: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  startFifo: (value) => (isText(value) ? undefined : 'must be a string'),
  parked: () => 'is only for containers of a pool',
};

function stdio(value: unknown): string | undefined {
  if (value === 'pipe' || value === 'inherit' || value === 'null' || value instanceof Live) return undefined;
  if (isLiveJson(value)) return `${value.live} can't come from JSON; give the stream to the builder again`;
  if (isObject(value)) {
    if (isText(value['file']) || isText(value['text']) || isText(value['base64']) || typeof value['fd'] === 'number') {
      return undefined;
    }
  }
  return "must be 'pipe', 'inherit', 'null', { file }, { text }, { base64 } or { fd }";
}

export function parseProcess(json: unknown): Result<ProcessSection, readonly Issue[]> {
  if (!isObject(json)) return err([issue('', 'must be an object')]);
  const issues: Issue[] = [];
  const section: Record<string, unknown> = { ...emptyProcess };
  for (const [key, value] of Object.entries(json)) {
    if (value === undefined) continue;
    if (Object.hasOwn(readers, key)) {
      section[key] = readers[key as keyof typeof readers](value, key, issues);
      continue;
    }
    if (!Object.hasOwn(shapes, key)) {
      issues.push(issue(key, 'is not a key of the process section'));
      continue;
    }
    const problem = shapes[key as keyof typeof shapes](value);
    if (problem !== undefined) issues.push(issue(key, problem));
    section[key] = value;
  }
  return issues.length > 0 ? err(issues) : ok(section as unknown as ProcessSection);
}
