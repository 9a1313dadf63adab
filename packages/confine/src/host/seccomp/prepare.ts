/** What only this machine can tell about a section `seccomp`: the programs of its filters. */
import { InvalidSpecError, issue, type HacoError, type PlanContext, plain } from '@haco/plan';
import { syscallNumbers } from '@haco/sys';
import { err, ok, Result } from 'neverthrow';
import { askAbout, chain, lengthOf, type Program } from '../../seccomp/bpf.js';
import { applyProfile, type AppliedProfile, type FilterContext } from '../../seccomp/conditions.js';
import { defaultProfile } from '../../seccomp/default-profile.js';
import { defaultPrograms } from '../../seccomp/default-program.generated.js';
import { seccompPresets } from '../../seccomp/presets.js';
import type { SeccompProfile } from '../../seccomp/profile.js';
import type { CompiledFilter, SeccompFilter, SeccompSection } from '../../seccomp/section.js';
import { architectures, natives } from '../../seccomp/words.js';
import { compileProfile, type Effort } from './compile.js';
import { readProfileFile } from './profile-file.js';

/** `BPF_MAXINSNS`. */
const maxLength = 4096;

/** Enough for programs with many profiles, too few to matter to the heap; the first is the one that was used longest ago. */
const capacity = 64;
const programs = new Map<string, CompiledFilter>();
/** The same for a profile that is the very same object as before, which needs no look at its content. */
const byIdentity = new WeakMap<object, Map<string, CompiledFilter>>();

function packed(program: Program): CompiledFilter {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength);
  return { program: bytes.toString('base64'), length: lengthOf(program) };
}

/** The profiles compiled, one after the other in one program. Errors: as {@link compileProfile}. */
export function compileAll(profiles: readonly AppliedProfile[], effort?: Effort): Result<CompiledFilter, HacoError> {
  return Result.combine(profiles.map((profile) => compileProfile(profile, effort))).map((parts) =>
    packed(chain(parts)),
  );
}

/** Each of the profiles compiled, one after the other in one program; once for each content. */
function compiled(profiles: readonly AppliedProfile[], path: string): Result<CompiledFilter, HacoError> {
  // Itself, not a hash of it: to load node:crypto takes as long as to compile.
  const key = JSON.stringify(profiles);
  const known = programs.get(key);
  if (known !== undefined) {
    programs.delete(key);
    programs.set(key, known);
    return ok(known);
  }
  return compileAll(profiles).andThen((filter) => {
    if (filter.length > maxLength) {
      const length = String(filter.length);
      const issues = [
        issue(path, `becomes ${length} instructions, and the kernel takes ${String(maxLength)}; use fewer comparisons`),
      ];
      return err(new InvalidSpecError({ issues }));
    }
    programs.set(key, filter);
    const [oldest] = programs.keys();
    if (programs.size > capacity && oldest !== undefined) programs.delete(oldest);
    return ok(filter);
  });
}

/** The program of unchanging profiles for one kind of container. */
function programOf(
  profiles: readonly SeccompProfile[],
  context: FilterContext,
  path: string,
): Result<CompiledFilter, HacoError> {
  const [identity] = profiles;
  // Neither capabilities nor kernels make a difference to it.
  if (identity === defaultProfile[0]) return ok(defaultPrograms[context.arch]);
  const key = JSON.stringify(context);
  const known = identity === undefined ? undefined : byIdentity.get(identity)?.get(key);
  if (known !== undefined) return ok(known);
  const applied = profiles.map((profile) => applyProfile(profile, context));
  return compiled(applied, path).map((filter) => {
    if (identity !== undefined && Object.isFrozen(identity)) {
      const others = byIdentity.get(identity) ?? new Map<string, CompiledFilter>();
      byIdentity.set(identity, others.set(key, filter));
    }
    return filter;
  });
}

/**
 * The profiles that a filter stands for: those of a preset, that of a file of the host, or the one that was given.
 *
 * Errors: `not-found`, `io` and `invalid-spec`, for a profile in a file.
 */
export function profilesOf(filter: SeccompFilter): Result<readonly SeccompProfile[], HacoError> {
  if ('preset' in filter) return ok(seccompPresets[filter.preset]);
  return 'file' in filter ? readProfileFile(filter.file).map((profile) => [profile]) : ok([filter.profile]);
}

function askFor(names: 'all' | readonly string[], arch: FilterContext['arch']): CompiledFilter {
  const table: Readonly<Record<string, number>> = syscallNumbers[arch];
  // A call that this architecture doesn't have is never made.
  const numbers = names === 'all' ? names : [...new Set(names)].flatMap((name) => table[name] ?? []);
  return packed(askAbout({ arch: architectures[natives[arch].arch], hasX32: arch === 'x64', numbers }));
}

/**
 * The section with the programs of its filters. Compiled once for each content: some 10 ms for the very
 * first, later nothing; a file is read again when it has changed. The preset is compiled already, and needs no libseccomp. Sections without filters are returned as they are.
 *
 * Errors: `unsupported`, when libseccomp isn't there or too old; `not-found`, `io` and `invalid-spec`, for profiles in files.
 *
 * @example
 * ```ts
 * import { prepareSeccomp } from '@haco/confine';
 * import { noFacts } from '@haco/plan';
 * import { probeHost } from '@haco/sys';
 * prepareSeccomp({ filters: [{ preset: 'default' }] }, { host: probeHost(), facts: noFacts });
 * ```
 */
export function prepareSeccomp(
  section: SeccompSection,
  { host, facts }: PlanContext,
): Result<SeccompSection, HacoError> {
  const { filters = [], answered = [], learn = false } = section;
  const { arch, kernel } = host;
  // What the launcher can't run on is refused elsewhere.
  if (arch === 'unsupported' || (filters.length === 0 && answered.length === 0 && !learn)) return ok(section);
  const context: FilterContext = { arch, kernel, boundingSet: facts.boundingSet };
  const done: SeccompFilter[] = [];
  for (const [index, filter] of filters.entries()) {
    const path = `seccomp.filters[${String(index)}]`;
    const program = profilesOf(filter).andThen((profiles) =>
      programOf(profiles, context, path).map((one) => ({
        one,
        flags: profiles.flatMap((profile) => plain(profile).flags ?? []),
      })),
    );
    if (program.isErr()) return err(program.error);
    done.push({ ...filter, compiled: program.value.one, flags: program.value.flags });
  }
  const names = answered.map(({ name }) => name);
  return ok({
    ...section,
    ...(filters.length === 0 ? {} : { filters: done }),
    ...(learn || names.length > 0 ? { asking: askFor(learn ? 'all' : names, arch) } : {}),
  });
}
