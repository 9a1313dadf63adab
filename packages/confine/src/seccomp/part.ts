/** The part `seccomp`: its section, verbs, checks and steps in one value. */
import {
  issue,
  Live,
  optional,
  quote,
  readJson,
  readList,
  readObject,
  readText,
  isLiveJson,
  type Part,
  type Reader,
} from '@haco/plan';
import { checkSection } from './check.js';
import type { SeccompMethods } from './methods.js';
import { asks, planSeccomp } from './plan.js';
import type { SeccompPreset } from './presets.js';
import { guarded, readProfile } from './read-profile.js';
import type { AnsweredCall, SeccompFilter, SeccompSection } from './section.js';
import { isSyscallName } from './syscall-names.js';
import { isPreset, unknownCall, verbs } from './verbs.js';

const readPreset: Reader<SeccompPreset> = (json, path, issues) => {
  if (typeof json === 'string' && isPreset(json)) return json;
  issues.push(issue(path, `${quote(String(json))} is no preset`));
  return 'default';
};

const readFilterFields = readObject({
  preset: optional(readPreset),
  file: optional(readText),
  profile: optional(readProfile),
});

const readFilter: Reader<SeccompFilter> = (json, path, issues) => {
  const before = issues.length;
  const read = readFilterFields(json, path, issues);
  if (issues.length === before && Object.values(read).filter((field) => field !== undefined).length !== 1) {
    issues.push(issue(path, 'must have one of preset, file and profile'));
  }
  return read as SeccompFilter;
};

const readAnswered: Reader<AnsweredCall> = (json, path, issues) => {
  const handler: Reader<AnsweredCall['handler']> = (given, at) => {
    if (!(given instanceof Live)) {
      const what = isLiveJson(given) ? given.live : 'this';
      issues.push(issue(at, `${what} can't come from JSON; call .onSyscall() on the builder again`));
    }
    return given as AnsweredCall['handler'];
  };
  const read = readObject({ name: readText, handler })(json, path, issues);
  if (typeof read.name === 'string' && !isSyscallName(read.name))
    issues.push(issue(`${path}.name`, unknownCall(read.name)));
  return read;
};

const readSection: Reader<SeccompSection> = readObject({
  filters: optional(readList(readFilter)),
  answered: optional(readList(readAnswered)),
});

/** Filters of system calls. */
export const seccomp = {
  key: 'seccomp',
  empty: {},
  verbs,
  parse: (json) => guarded(() => readJson(readSection, json)),
  validate: () => [],
  facts: (section) => (asks(section) ? { asksNode: true } : {}),
  plan: planSeccomp,
  check: checkSection,
} as const satisfies Part<'seccomp', SeccompSection, SeccompMethods>;
