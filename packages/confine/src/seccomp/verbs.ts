/** The verbs at run time: arguments in, changed section out. */
import { issue, Live, quote, rejected, Rejected, type VerbResult, type Verbs } from '@haco/plan';
import type { SyscallHandler } from './handler.js';
import type { SeccompMethods } from './methods.js';
import { seccompPresets, type SeccompPreset } from './presets.js';
import { parseProfile } from './read-profile.js';
import type { SeccompSection, SeccompSource } from './section.js';
import { isSyscallName, similarSyscall } from './syscall-names.js';

/** Whether there is a preset of this name. */
export function isPreset(name: string): name is SeccompPreset {
  return Object.hasOwn(seccompPresets, name);
}

function sourceOf(given: unknown, path: string): SeccompSource | Rejected {
  if (typeof given === 'string') {
    if (isPreset(given)) return { preset: given };
    if (given.includes('/') && !given.includes('\0')) return { file: given };
    const known = Object.keys(seccompPresets).map(quote).join(', ');
    return rejected(path, `${quote(given)} is no preset; use ${known}, a profile, or a path with a "/"`);
  }
  return parseProfile(given).match<SeccompSource | Rejected>(
    (profile) => ({ profile }),
    (issues) => new Rejected(issues.map((one) => issue(one.path === '' ? path : `${path}.${one.path}`, one.message))),
  );
}

/** Why a word isn't a system call. */
export function unknownCall(name: string): string {
  const similar = similarSyscall(name);
  return `${quote(name)} is no system call; ${similar === undefined ? 'see syscalls(2)' : `did you mean ${quote(similar)}?`}`;
}

export const verbs: Verbs<SeccompSection, SeccompMethods> = {
  seccomp: (section: SeccompSection, profile: unknown): VerbResult<SeccompSection> => {
    const { filters = [] } = section;
    const source = sourceOf(profile, `seccomp.filters[${String(filters.length)}]`);
    return source instanceof Rejected ? source : { ...section, filters: [...filters, source] };
  },
  onSyscall: (section: SeccompSection, name: unknown, handler: unknown): VerbResult<SeccompSection> => {
    if (typeof name !== 'string' || !isSyscallName(name))
      return rejected('seccomp.answered', unknownCall(String(name)));
    if (typeof handler !== 'function') return rejected(`seccomp.answered.${name}`, 'must have a function that answers');
    const others = (section.answered ?? []).filter((one) => one.name !== name);
    return { ...section, answered: [...others, { name, handler: new Live(handler as SyscallHandler, 'a function') }] };
  },
};
