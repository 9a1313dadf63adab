/** From a profile to the rules that apply to one container on one machine. */
import { type HostFacts, nothing, plain } from '@haco/plan';
import type { SeccompArg, SeccompCondition, SeccompProfile, SeccompRule } from './profile.js';
import { actions, natives, type SeccompAction, type SeccompArch } from './words.js';

/** What conditions are about. */
export interface FilterContext {
  readonly arch: keyof typeof natives;
  readonly kernel: Pick<HostFacts['kernel'], 'major' | 'minor'>;
  /** Capabilities of the container's bounding set, in lower case without prefix; undefined for all. */
  readonly boundingSet: readonly string[] | undefined;
}

/** One rule with everything decided. */
export interface AppliedRule {
  /** Calls that it is about. */
  readonly names: readonly string[];
  /** `SECCOMP_RET_*` with its data. */
  readonly action: number;
  /** Sets of comparisons, of which all must hold; the rule is there once for each set. */
  readonly args: readonly (readonly SeccompArg[])[];
}

/** A profile with everything decided. */
export interface AppliedProfile {
  readonly defaultAction: number;
  /** The machine's own first. */
  readonly architectures: readonly SeccompArch[];
  readonly rules: readonly AppliedRule[];
  /** Whether newer system calls than the profile knows are answered with ENOSYS. */
  readonly hidesNewer: boolean;
}

const EPERM = 1;
const ENOSYS = 38;

function actionOf(action: SeccompAction, data: number | undefined): number {
  const value = actions[action];
  return action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? value + (data ?? EPERM) : value;
}

function isAtLeast({ major, minor }: FilterContext['kernel'], version: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function hasCapability({ boundingSet }: FilterContext, name: string): boolean {
  return boundingSet === undefined || boundingSet.includes(name.toLowerCase().replace(/^cap_/, ''));
}

/** As Docker does: everything that is included must hold, and nothing that is excluded may. */
function applies({ includes, excludes }: SeccompRule, context: FilterContext): boolean {
  const { go } = natives[context.arch];
  const meets = ({ caps = [], arches = [], minKernel }: SeccompCondition): boolean =>
    caps.every((name) => hasCapability(context, name)) &&
    (arches.length === 0 || arches.includes(go)) &&
    (minKernel === undefined || isAtLeast(context.kernel, minKernel));
  const hitBy = ({ caps = [], arches = [], minKernel }: SeccompCondition): boolean =>
    caps.some((name) => hasCapability(context, name)) ||
    arches.includes(go) ||
    (minKernel !== undefined && isAtLeast(context.kernel, minKernel));
  return meets(includes ?? nothing) && !hitBy(excludes ?? nothing);
}

/** libseccomp compares an argument once in a rule; where a profile does twice, each comparison is a rule, as with runc. */
function argSets(args: readonly SeccompArg[] = []): readonly (readonly SeccompArg[])[] {
  if (args.length < 2) return [args];
  const twice = new Set(args.map(({ index }) => index)).size < args.length;
  return twice ? args.map((one) => [one]) : [args];
}

function architecturesOf(
  { architectures = [], archMap = [] }: SeccompProfile,
  native: SeccompArch,
): readonly SeccompArch[] {
  const mapped = archMap.find(({ architecture }) => architecture === native)?.subArchitectures ?? [];
  return [...new Set([native, ...architectures, ...mapped])];
}

/** The same profile without conditions: with the rules that apply to one container on one machine, as the OCI specification has them. */
export function decideProfile(given: SeccompProfile, context: FilterContext): SeccompProfile {
  const { archMap, syscalls, ...rest } = plain(given);
  const { arch } = natives[context.arch];
  return {
    ...rest,
    ...(archMap === undefined ? {} : { architectures: architecturesOf({ ...rest, archMap }, arch) }),
    ...(syscalls === undefined ? {} : { syscalls: syscalls.filter((rule) => applies(rule, context)).map(bare) }),
  };
}

function bare({ includes: _includes, excludes: _excludes, comment: _comment, ...rule }: SeccompRule): SeccompRule {
  return rule;
}

/** Decide everything that a profile leaves to the container and the machine. */
export function applyProfile(given: SeccompProfile, context: FilterContext): AppliedProfile {
  const profile = plain(given);
  const { defaultAction, defaultErrnoRet, syscalls = [] } = profile;
  const permissive = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(defaultAction);
  return {
    defaultAction: actionOf(defaultAction, defaultErrnoRet),
    architectures: architecturesOf(profile, natives[context.arch].arch),
    hidesNewer: !permissive && !(defaultAction === 'SCMP_ACT_ERRNO' && defaultErrnoRet === ENOSYS),
    rules: syscalls
      .filter((rule) => applies(rule, context))
      .map(({ names, action, errnoRet, args }) => ({ names, action: actionOf(action, errnoRet), args: argSets(args) })),
  };
}
