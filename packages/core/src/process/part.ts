/** The part `process`: from arguments to a checked section, and from the section to the steps of session, privileges and exec. */
import type { Readable, Writable } from 'node:stream';
import { Live, issue, parseText, quote, rejected, type Issue, type Part, type Rejected, nothing } from '@haco/plan';
import { checkProcess } from './check.js';
import { cpuAffinityIssues, cpuListText, type CpuList } from './cpu-affinity.js';
import { ioPriorityIssues, usualLevel } from './io-priority.js';
import type { ProcessMethods, StdinSource, StdoutTarget } from './methods.js';
import { parseProcess } from './parse.js';
import { personalityIssues } from './personality.js';
import { schedulerIssues } from './scheduler.js';
import { numericUser } from './user.js';
import { planProcess } from './plan.js';
import { isReadable, isWritable } from '../streams/kinds.js';
import { emptyProcess, type ProcessSection, type StdioSpec } from './section.js';

function source(section: ProcessSection, given: StdinSource): ProcessSection | Rejected {
  if (given instanceof Uint8Array) {
    return { ...section, stdin: { base64: Buffer.from(given).toString('base64') } };
  }
  if (isReadable(given)) return { ...section, stdin: new Live<Readable>(given, 'a Readable') };
  return isStdio(given, ['text', 'file', 'fd'])
    ? { ...section, stdin: given }
    : rejected('process.stdin', "must be 'pipe', 'inherit', 'null', { text }, { file }, { fd }, bytes or a Readable");
}

function target(key: 'stdout' | 'stderr', section: ProcessSection, given: StdoutTarget): ProcessSection | Rejected {
  if (isWritable(given)) return { ...section, [key]: new Live<Writable>(given, 'a Writable') };
  return isStdio(given, ['file', 'fd'])
    ? { ...section, [key]: given }
    : rejected(`process.${key}`, "must be 'pipe', 'inherit', 'null', { file }, { fd } or a Writable");
}

function isStdio(given: unknown, keys: readonly string[]): given is StdioSpec {
  if (given === 'pipe' || given === 'inherit' || given === 'null') return true;
  return typeof given === 'object' && given !== null && keys.some((key) => Object.hasOwn(given, key));
}

function stdioIssues(key: string, spec: StdioSpec | undefined): readonly Issue[] {
  if (spec === undefined || typeof spec === 'string' || spec instanceof Live) return [];
  if ('fd' in spec && !(Number.isSafeInteger(spec.fd) && spec.fd >= 0)) {
    return [issue(`process.${key}.fd`, 'must be the number of an open descriptor')];
  }
  return 'file' in spec ? textIssues(`process.${key}.file`, spec.file, 'the file') : [];
}

function textIssues(path: string, text: unknown, what: string): readonly Issue[] {
  return parseText(text, what).match<readonly Issue[]>(
    () => [],
    (message) => [issue(path, message)],
  );
}

function idIssues(path: string, id: number | string | undefined): readonly Issue[] {
  if (id === undefined) return [];
  // 4294967295 is (uid_t) -1, which setresuid(2) takes for "leave it" (CVE-2026-30892 is a lenient parse of the like).
  if (typeof id === 'number') {
    return Number.isSafeInteger(id) && id >= 0 && id < 4_294_967_295
      ? []
      : [issue(path, `${String(id)} is not an id; ids are 0 to 4294967294`)];
  }
  return /^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(id)
    ? []
    : [issue(path, `${quote(id)} is not a user or group name; use letters, digits, _ . - or an id`)];
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

function validate(section: ProcessSection): readonly Issue[] {
  const { command, workdir, env, user, tty, startFifo, umask, oomScoreAdj } = section;
  const issues: Issue[] = [];
  if (command !== undefined) {
    issues.push(...textIssues('process.command.file', command.file, 'the command'));
    if (command.file === '')
      issues.push(issue('process.command.file', 'the command is empty; give the path or the name of a program'));
    command.args.forEach((arg, index) =>
      issues.push(...textIssues(`process.command.args[${String(index)}]`, arg, 'the argument')),
    );
  }
  for (const [key, path] of Object.entries({ workdir, startFifo })) {
    if (path === undefined) continue;
    issues.push(...textIssues(`process.${key}`, path, 'the path'));
    if (typeof path === 'string' && !path.startsWith('/')) {
      issues.push(issue(`process.${key}`, `${quote(path)} must be an absolute path`));
    }
  }
  for (const [key, value] of Object.entries(env)) {
    if (key === '' || key.includes('='))
      issues.push(issue('process.env', `${quote(key)} can't be the name of a variable`));
    issues.push(...textIssues('process.env', key, 'the name'), ...textIssues(`process.env.${key}`, value, 'the value'));
  }
  if (user !== undefined) {
    issues.push(...idIssues('process.user.uid', user.uid), ...idIssues('process.user.gid', user.gid));
    user.groups?.forEach((group, index) => issues.push(...idIssues(`process.user.groups[${String(index)}]`, group)));
  }
  if (umask !== undefined && !isWithin(umask, 0, 0o777)) {
    issues.push(issue('process.umask', `${String(umask)} is not a mask; write 0 to 0o777, e.g. 0o077`));
  }
  if (oomScoreAdj !== undefined && !isWithin(oomScoreAdj, -1000, 1000)) {
    issues.push(issue('process.oomScoreAdj', `${String(oomScoreAdj)} is not an adjustment; write -1000 to 1000`));
  }
  issues.push(...schedulerIssues(section), ...ioPriorityIssues(section));
  issues.push(...cpuAffinityIssues(section), ...personalityIssues(section));
  for (const key of ['stdin', 'stdout', 'stderr'] as const) {
    issues.push(...stdioIssues(key, section[key]));
    if (tty !== undefined && section[key] !== undefined && section[key] !== 'pipe') {
      issues.push(issue(`process.${key}`, 'is the terminal when tty() is asked for; leave one of both out'));
    }
  }
  for (const [key, value] of Object.entries(tty ?? {})) {
    if (!(Number.isSafeInteger(value) && value > 0 && value < 65_536)) {
      issues.push(issue(`process.tty.${key}`, 'must be 1 to 65535 characters'));
    }
  }
  return issues;
}

/** The part `process`. */
export const processPart = {
  key: 'process',
  empty: emptyProcess,
  verbs: {
    command: (section, file, ...args) => ({ ...section, command: { file, args } }),
    sh: (section, script) => ({ ...section, command: { file: '/bin/sh', args: ['-c', script] } }),
    workdir: (section, path) => ({ ...section, workdir: path }),
    env: (section, variables) => ({ ...section, env: { ...section.env, ...variables } }),
    user: (section, uid, gid, groups) => ({
      ...section,
      user: { uid, ...(gid === undefined ? {} : { gid }), ...(groups === undefined ? {} : { groups }) },
    }),
    umask: (section, umask) => ({ ...section, umask }),
    oomScoreAdj: (section, oomScoreAdj) => ({ ...section, oomScoreAdj }),
    scheduler: (section, scheduler) => ({ ...section, scheduler }),
    ioPriority: (section, ioClass, level = usualLevel(ioClass)) => ({
      ...section,
      ioPriority: { class: ioClass, level },
    }),
    cpuAffinity: (section, cpus) => ({ ...section, cpuAffinity: cpuListText(cpus) }),
    execCpuAffinity: (section, { initial, final } = nothing as { initial?: CpuList; final?: CpuList }) => ({
      ...section,
      execCpuAffinity: {
        ...(initial === undefined ? {} : { initial: cpuListText(initial) }),
        ...(final === undefined ? {} : { final: cpuListText(final) }),
      },
    }),
    personality: (section, personality) => ({ ...section, personality }),
    stdin: source,
    stdout: (section, given) => target('stdout', section, given),
    stderr: (section, given) => target('stderr', section, given),
    tty: (section, size = nothing as { readonly columns?: number; readonly rows?: number }) => ({
      ...section,
      tty: { columns: size.columns ?? 80, rows: size.rows ?? 24 },
    }),
    init: (section) => ({ ...section, init: true }),
    startFifo: (section, path) => ({ ...section, startFifo: path }),
  },
  parse: parseProcess,
  validate,
  facts: (section) => {
    const user = numericUser(section);
    return user === undefined ? {} : { uid: user.uid };
  },
  plan: planProcess,
  check: checkProcess,
} as const satisfies Part<'process', ProcessSection, ProcessMethods>;
