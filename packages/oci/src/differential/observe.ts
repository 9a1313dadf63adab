/** What a probe said, as one text by path: without what differs from run to run. */
import { type Json } from './case.js';

/** Path, such as `caps.bounding` or `mounts./proc.options`, to what was seen there. */
export type Observation = ReadonlyMap<string, string>;

/** What one runtime did with a case. */
export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** Host path of the root. */
  readonly rootfs: string;
  /** Words for namespaces that are not the container's own: `host`, `holder`. */
  readonly namespaces: ReadonlyMap<number, string>;
}

type Normalize = (value: unknown, around: Surroundings) => unknown;

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...(value as Json) } : {};
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const without = (value: unknown, ...names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(fieldsOf(value)).filter(([name]) => !names.includes(name)));

/** By a name of each; a second of the same name is `name#2`. */
function byName(list: readonly Json[], nameOf: (item: Json) => string): Json {
  const named: Record<string, unknown> = {};
  for (const item of list) {
    const name = nameOf(item);
    let key = name;
    for (let count = 2; key in named; count += 1) key = `${name}#${String(count)}`;
    named[key] = item;
  }
  return named;
}

const mounts: Normalize = (value, { rootfs }) => {
  const list = listOf(fieldsOf(value)['mounts']);
  if (list.length === 0) return value;
  const rows = list.map((row) => {
    const { root, propagation, superOptions, ...rest } = without(row, 'id', 'parent', 'device');
    return {
      ...rest,
      root: String(root).replace(rootfs, '<rootfs>'),
      propagation: (propagation as readonly string[]).map((text) => text.replace(/:\d+$/, '')),
      // The numbers of the options of a shared filesystem are the host's.
      superOptions: String(superOptions).replace(/nr_inodes=\d{4,}/, 'nr_inodes=*'),
    };
  });
  return byName(rows, (row) => String(fieldsOf(row)['target']));
};

const ns: Normalize = (value, { namespaces }) =>
  Object.fromEntries(
    Object.entries(fieldsOf(value)).map(([kind, inode]) => [
      kind,
      inode === null ? 'none' : (namespaces.get(Number(inode)) ?? 'own'),
    ]),
  );

const session: Normalize = (value) => {
  const { pid, ppid, sid, pgid, ...rest } = fieldsOf(value);
  const word = (id: unknown): string => (id === 0 ? 'outside' : id === pid ? 'itself' : 'another');
  return {
    ...rest,
    pid: pid === 1 ? 'first' : 'another',
    ppid: ppid === 0 ? 'outside' : 'another',
    sid: word(sid),
    pgid: word(pgid),
  };
};

/** Standard streams that aren't files are the runtime's own pipes, or those of its caller. */
const fds: Normalize = (value) =>
  byName(
    listOf(fieldsOf(value)['fds']).map((row) => {
      const { fd, type } = row;
      const isStream = Number(fd) <= 2 && ['fifo', 'socket'].includes(String(type));
      return isStream ? { fd, type: 'stream' } : { ...row, target: String(row['target']).replace(/\[\d+\]/, '') };
    }),
    (row) => String(fieldsOf(row)['fd']),
  );

/** A size of a directory is its filesystem's. */
const sized = (value: unknown): Json =>
  fieldsOf(value)['type'] === 'directory' ? without(value, 'size') : fieldsOf(value);

const normalizers: Readonly<Record<string, Normalize>> = {
  mounts,
  ns,
  session,
  fds,
  // The order counts.
  env: (value) => Object.entries(fieldsOf(value)).map(([name, text]) => `${name}=${String(text)}`),
  'oom-score': (value) => without(value, 'oomScore'),
  ls: (value) => {
    const entries = fieldsOf(value)['entries'];
    return entries === undefined ? value : byName(listOf(entries).map(sized), (row) => String(fieldsOf(row)['name']));
  },
  stat: (value) => without(sized(value), 'inode'),
  read: (value) => {
    const content = fieldsOf(value)['content'];
    return typeof content === 'string' ? content.split('\n') : value;
  },
};

function flatten(path: string, value: unknown, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) flatten(`${path}.${name}`, inner, into);
  } else into.set(path, typeof value === 'string' ? value : JSON.stringify(value));
}

/** The answer to a question, or the line itself where a program has said something else. */
function answerOf(line: string, kind: string, around: Surroundings): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return line;
  }
  return fieldsOf(value)['ok'] === false ? value : (normalizers[kind]?.(value, around) ?? value);
}

/** What is compared. A runtime that has refused says nothing: its sentence is its own. */
export function observe(run: Run, questions: readonly (readonly string[])[], around: Surroundings): Observation {
  if (run.stdout === '') return new Map([['outcome', run.exitCode === 0 ? 'silence' : 'refused']]);
  const observed = new Map([
    ['outcome', 'ran'],
    ['exit code', String(run.exitCode)],
  ]);
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  lines.forEach((line, index) => {
    const question = questions[index] ?? ['?'];
    flatten(question.join(' '), answerOf(line, question[0] ?? '', around), observed);
  });
  return observed;
}

/** One place where two differ. */
export interface Difference {
  readonly path: string;
  readonly haco: string;
  readonly other: string;
}

export function differences(haco: Observation, other: Observation): readonly Difference[] {
  // Where one has refused, there is nothing else to compare.
  const refused = haco.get('outcome') !== other.get('outcome');
  const paths = refused ? ['outcome'] : [...new Set([...haco.keys(), ...other.keys()])];
  return paths
    .map((path) => ({ path, haco: haco.get(path) ?? 'nothing', other: other.get(path) ?? 'nothing' }))
    .filter((pair) => pair.haco !== pair.other);
}
