/** From JSON of anybody to a profile: own fields only, each read once, every problem with its path. */
import {
  capabilityNames,
  issue,
  quote,
  readJson,
  readList,
  readObject,
  readOneOf,
  readText,
  optional,
  type Issue,
  type Reader,
  plain,
} from '@haco/plan';
import { err, type Result } from 'neverthrow';
import type { SeccompArg, SeccompCondition, SeccompProfile, SeccompRule } from './profile.js';
import { isSyscallName, similarSyscall } from './syscall-names.js';
import { actions, architectures, filterFlags, operators, type SeccompAction } from './words.js';

/** The largest errno of the kernel; what is larger would be cut to it. */
const MAX_ERRNO = 4095;

/** The Go encoders of Docker and Podman write `null` and empty values for what isn't there. */
function orNothing<T>(reader: Reader<T>): { readonly optional: Reader<T | undefined> } {
  return optional((json, path, issues) => (json === null ? undefined : reader(json, path, issues)));
}

/** Leave out fields that aren't there. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function words<T extends string>(table: Readonly<Record<T, unknown>>): readonly T[] {
  return Object.keys(table) as T[];
}

/** Where others than haco are to answer. The kernel has one listener for a container, and that one is Node's. */
const noAgents =
  "hands calls to an agent outside, which haco doesn't do; give them another action, or let functions of Node answer them with onSyscall(name, handler)";

const readAction: Reader<SeccompAction> = (json, path, issues) => {
  if (json === 'SCMP_ACT_NOTIFY') {
    issues.push(issue(path, `is SCMP_ACT_NOTIFY, which ${noAgents}`));
    return 'SCMP_ACT_ERRNO';
  }
  return readOneOf(words(actions))(json, path, issues);
};

const readErrno: Reader<number> = (json, path, issues) => {
  if (!Number.isSafeInteger(json) || (json as number) < 0 || (json as number) > MAX_ERRNO) {
    issues.push(issue(path, `must be an errno, a whole number from 0 to ${String(MAX_ERRNO)}`));
  }
  return json as number;
};

const readName: Reader<string> = (json, path, issues) => {
  if (typeof json !== 'string') {
    issues.push(issue(path, 'must be the name of a system call'));
    return '';
  }
  if (!isSyscallName(json)) {
    const similar = similarSyscall(json);
    const meant = similar === undefined ? 'see syscalls(2)' : `did you mean ${quote(similar)}?`;
    issues.push(issue(path, `${quote(json)} is no system call; ${meant}`));
  }
  return json;
};

const readNumber: Reader<number> = (json, path, issues) => {
  if (!Number.isSafeInteger(json) || (json as number) < 0) {
    issues.push(issue(path, 'must be a whole number from 0 to 9007199254740991, what JSON can tell exactly'));
  }
  return json as number;
};

const readIndex: Reader<number> = (json, path, issues) => {
  if (!(Number.isInteger(json) && (json as number) >= 0 && (json as number) <= 5)) {
    issues.push(issue(path, 'must be 0 to 5: a system call has six arguments'));
  }
  return json as number;
};

const readArgs: Reader<readonly SeccompArg[]> = readList((json, path, issues) =>
  present(
    readObject({
      index: readIndex,
      value: readNumber,
      valueTwo: orNothing(readNumber),
      op: readOneOf(words(operators)),
    })(json, path, issues),
  ),
);

const readCapability: Reader<string> = (json, path, issues) => {
  const bare = typeof json === 'string' ? json.toLowerCase().replace(/^cap_/, '') : '';
  if (!(capabilityNames as readonly string[]).includes(bare)) {
    issues.push(issue(path, `${quote(String(json))} is no capability; see capabilities(7)`));
  }
  return `CAP_${bare.toUpperCase()}`;
};

const readKernel: Reader<string> = (json, path, issues) => {
  if (typeof json !== 'string' || !/^\d+\.\d+$/.test(json)) issues.push(issue(path, 'must be a version such as "4.8"'));
  return json as string;
};

const readCondition: Reader<SeccompCondition> = (json, path, issues) =>
  present(
    readObject({
      caps: orNothing(readList(readCapability)),
      arches: orNothing(readList(readText)),
      minKernel: orNothing(readKernel),
    })(json, path, issues),
  );

const readRuleFields = readObject({
  names: orNothing(readList(readName)),
  // Docker's first format had one name for each rule.
  name: orNothing(readName),
  action: readAction,
  errnoRet: orNothing(readErrno),
  // Podman writes the name of the errno beside its number.
  errno: orNothing(readText),
  args: orNothing(readArgs),
  includes: orNothing(readCondition),
  excludes: orNothing(readCondition),
  comment: orNothing(readText),
});

function readRule(json: unknown, path: string, issues: Issue[]): SeccompRule {
  const before = issues.length;
  const { names = [], name, errno, errnoRet, ...rest } = readRuleFields(json, path, issues);
  const all = name === undefined ? names : [...names, name];
  if (issues.length === before && all.length === 0) issues.push(issue(`${path}.names`, 'names no system call'));
  if (errno !== undefined && errnoRet === undefined) {
    issues.push(issue(`${path}.errno`, 'needs errnoRet beside it: the number of the errno'));
  }
  return present({ names: all, ...rest, errnoRet });
}

const readArch = readOneOf(words(architectures));

const readProfileFields = readObject({
  defaultAction: readAction,
  defaultErrnoRet: orNothing(readErrno),
  defaultErrno: orNothing(readText),
  architectures: orNothing(readList(readArch)),
  archMap: orNothing(
    readList((json, path, issues) =>
      present(
        readObject({ architecture: readArch, subArchitectures: orNothing(readList(readArch)) })(json, path, issues),
      ),
    ),
  ),
  flags: orNothing(readList(readOneOf(words(filterFlags)))),
  listenerPath: orNothing(readText),
  listenerMetadata: orNothing(readText),
  syscalls: orNothing(readList(readRule)),
  comment: orNothing(readText),
});

/** A profile. Fields that mean nothing to the kernel (comments of the file, names of errnos) are left out of the result. */
export const readProfile: Reader<SeccompProfile> = (json, path, issues) => {
  const before = issues.length;
  const read = readProfileFields(json, path, issues);
  const { defaultErrno, listenerPath, listenerMetadata, comment: _comment, ...rest } = plain(read);
  const profile = plain(rest);
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (defaultErrno !== undefined && profile.defaultErrnoRet === undefined) {
    issues.push(issue(at('defaultErrno'), 'needs defaultErrnoRet beside it: the number of the errno'));
  }
  // The agent belongs to the calls that are handed to it: where those are refused already, that is the sentence.
  const toldOfAgents = issues.slice(before).some(({ message }) => message.endsWith(noAgents));
  const agent = [listenerPath, listenerMetadata].findIndex((text) => (text ?? '') !== '');
  if (agent >= 0 && !toldOfAgents) {
    issues.push(issue(at(agent === 0 ? 'listenerPath' : 'listenerMetadata'), noAgents));
  }
  if ((profile.architectures?.length ?? 0) > 0 && (profile.archMap?.length ?? 0) > 0) {
    issues.push(issue(at('archMap'), 'says the same as architectures; give one of both'));
  }
  return present(profile);
};

/** Read a profile from anything: an object whose getters throw is a problem with a path, too. */
export function parseProfile(json: unknown): Result<SeccompProfile, readonly Issue[]> {
  return guarded(() => readJson(readProfile, json));
}

/** What reading throws (a getter, a proxy) becomes an issue. */
export function guarded<T>(read: () => Result<T, readonly Issue[]>): Result<T, readonly Issue[]> {
  try {
    return read();
  } catch (error) {
    const said = error instanceof Error ? error.message : 'it throws';
    return err([issue('', `can't be read (${said}); give plain data`)]);
  }
}
