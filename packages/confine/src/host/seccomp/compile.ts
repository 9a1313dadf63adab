/** From the rules of a profile to a program of the kernel, by libseccomp. */
import { readSync } from 'node:fs';
import { IoError, UnsupportedError, type HacoError } from '@haco/plan';
import { errnoName, libc, syscallNumbers } from '@haco/sys';
import { err, ok, Result } from 'neverthrow';
import { fromBytes, joinArchitectures, lengthOf, type ArchProgram, type Program } from '../../seccomp/bpf.js';
import type { AppliedProfile, AppliedRule } from '../../seccomp/conditions.js';
import { lookUp } from '../../seccomp/look-up.js';
import type { SeccompArg } from '../../seccomp/profile.js';
import { shorten } from '../../seccomp/shorten.js';
import { actions, architectures, natives, operators, type SeccompArch } from '../../seccomp/words.js';
import { libseccomp, type Libseccomp } from './libseccomp.js';

const MFD_CLOEXEC = 1;
const EEXIST = 17;
/** `SCMP_FLTATR_ACT_BADARCH`. */
const badArch = 2;
/** The architecture of this process, for which libseccomp begins each filter, and whose numbers stand for the calls of all. */
const own = natives[process.arch === 'arm64' ? 'arm64' : 'x64'].arch;
/** `__NR_SCMP_ERROR`: no such name. Other negative numbers stand for calls of other architectures. */
const unknownName = -1;
/** `sizeof(struct scmp_arg_cmp)`: two 32-bit and two 64-bit numbers. */
const comparisonSize = 24;

function comparisons(args: readonly SeccompArg[]): Buffer | null {
  if (args.length === 0) return null;
  const words = new Uint32Array((args.length * comparisonSize) / 4);
  args.forEach(({ index, value, valueTwo = 0, op }, position) => {
    // Low word first: both architectures that haco runs on are little-endian.
    const both = [index, operators[op], value, value / 2 ** 32, valueTwo, valueTwo / 2 ** 32];
    words.set(both, (position * comparisonSize) / 4);
  });
  return Buffer.from(words.buffer);
}

/** What is said about one call; no rules: what happens by default. */
interface Call {
  readonly name: string;
  /** The one of this process's architecture, which stands for the calls of all in a rule. */
  readonly number: number;
  readonly rules: AppliedRule[];
  /** What becomes of it where its number alone decides, whatever the arguments; undefined for others. */
  action: number | undefined;
}

/** How much an action lets happen: the larger value wins nothing in the kernel, so it is the order of permissiveness, too. */
function lets(action: number): number {
  const kind = (action & 0x7fff_0000) >>> 0;
  return action >= 0x8000_0000 ? -1 : kind;
}

function tooOld(name: string): HacoError {
  return new UnsupportedError({
    feature: `libseccomp that knows ${name}`,
    neededFor: 'a profile that refuses it',
    since: 'a later libseccomp than the installed one',
    remedy: 'install a later one, or use a profile that allows only what it names',
  });
}

const isEmpty = (set: readonly unknown[]): boolean => set.length === 0;

/**
 * The rules by call. Calls that libseccomp is too old for are left out, as runc does, where the rule would let more happen than the
 * default: they stay refused. A rule that refuses what the default lets happen can't be left out.
 */
function callsOf(library: Libseccomp, { rules, defaultAction }: AppliedProfile): Result<readonly Call[], HacoError> {
  const calls = new Map<string, Call>();
  for (const rule of rules) {
    const { names, action } = rule;
    const decided = rule.args.every(isEmpty) ? action : undefined;
    for (const name of names) {
      let call = calls.get(name);
      if (call === undefined) {
        call = { name, number: numberOf(library, own, name), rules: [], action: undefined };
        if (call.number !== unknownName) calls.set(name, call);
        else if (lets(action) < lets(defaultAction)) return err(tooOld(name));
      }
      // libseccomp refuses rules that do what happens anyway.
      if (action === defaultAction) continue;
      call.action = call.rules.length === 0 || call.action === decided ? decided : undefined;
      call.rules.push(rule);
    }
  }
  return ok([...calls.values()]);
}

function failed(what: string, result: number): HacoError {
  return new IoError({
    what: `compile the seccomp profile: ${what}, with`,
    path: 'libseccomp.so.2',
    errno: errnoName(-result),
    hint: 'it refuses this combination of rules; simplify them',
  });
}

function exportProgram(library: Libseccomp, filter: unknown): Result<Program, HacoError> {
  const c = libc();
  const fd = c.memfd_create('haco-seccomp', MFD_CLOEXEC);
  if (fd < 0) return err(failed('memfd_create', -c.errno()));
  try {
    const result = library.seccomp_export_bpf(filter, fd);
    if (result < 0) return err(failed('export it', result));
    // BPF_MAXINSNS instructions of 8 bytes, and one more to see that it is too long.
    const bytes = Buffer.alloc((4096 + 1) * 8);
    return ok(fromBytes(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0))));
  } finally {
    c.close(fd);
  }
}

/** Calls that 32-bit x86 also makes through socketcall(2) and ipc(2), with their number as an argument: libseccomp knows which. */
const multiplexed: ReadonlySet<string> = new Set(
  `accept accept4 bind connect getpeername getsockname getsockopt ipc listen msgctl msgget msgrcv msgsnd recv recvfrom recvmmsg
  recvmsg semctl semget semop semtimedop send sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown socket
  socketcall socketpair`.split(/\s+/),
);

/** Architectures where each call has a number of its own; others are left to libseccomp. */
const oneWay: ReadonlySet<SeccompArch> = new Set([
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_ARM',
]);

/**
 * How much is done. `quick`: what is short is left as it is, since to look for what is in it twice takes a millisecond the first time.
 * `short`: as few instructions as can be, for what is compiled once for everybody. `plain`: what libseccomp makes of it, to compare with.
 */
export type Effort = 'quick' | 'short' | 'plain';

/** Shorter programs gain nothing that a start would notice. */
const worthShortening = 64;

/** What a profile says, for one architecture. */
interface Sorted {
  /** Calls that only their number decides about, and what becomes of them: adding each as a rule would take milliseconds. */
  readonly plain: ReadonlyMap<number, number>;
  /** What libseccomp has to compile. */
  readonly others: readonly Call[];
  /** The highest number that the profile names; what is newer was unknown to its authors. */
  readonly last: number;
}

function sorted(library: Libseccomp, arch: SeccompArch, calls: readonly Call[]): Sorted {
  const plain = new Map<number, number>();
  const others: Call[] = [];
  const decidesAlone = oneWay.has(arch);
  let last = 0;
  for (const call of calls) {
    const { name, action } = call;
    // Negative: this architecture doesn't have the call.
    const number = arch === own ? call.number : numberOf(library, arch, name);
    if (number > last) last = number;
    if (action === undefined || (!decidesAlone && multiplexed.has(name))) others.push(call);
    else if (number >= 0) plain.set(number, action);
  }
  return { plain, others, last };
}

/** The tables of haco's own, which know younger calls than an old libseccomp does. */
const tables: Partial<Record<SeccompArch, Readonly<Record<string, number>>>> = {
  SCMP_ARCH_X86_64: syscallNumbers.x64,
  SCMP_ARCH_AARCH64: syscallNumbers.arm64,
};

/** The number of a call; below 0 when the architecture doesn't have it, or libseccomp doesn't know it. */
function numberOf(library: Libseccomp, arch: SeccompArch, name: string): number {
  const table = tables[arch];
  if (table !== undefined && Object.hasOwn(table, name)) return table[name] ?? unknownName;
  return library.seccomp_syscall_resolve_name_arch(architectures[arch], name);
}

/** A program by libseccomp for one architecture alone: a filter of several takes it longer than one filter for each. */
function compileRules(
  library: Libseccomp,
  arch: SeccompArch,
  defaultAction: number,
  calls: readonly Call[],
): Result<Program, HacoError> {
  const filter = library.seccomp_init(defaultAction);
  if (filter === null) return err(failed('begin', -22));
  try {
    if (arch !== own) {
      const result =
        library.seccomp_arch_add(filter, architectures[arch]) ||
        library.seccomp_arch_remove(filter, architectures[own]);
      if (result < 0) return err(failed(`add ${arch}`, result));
    }
    library.seccomp_attr_set(filter, badArch, actions.SCMP_ACT_KILL_PROCESS);
    for (const { name, number, rules } of calls) {
      for (const { action, args } of rules) {
        for (const set of args) {
          const result = library.seccomp_rule_add_array(filter, action, number, set.length, comparisons(set));
          // A rule that is there already is no mistake: Podman's profile has one twice.
          if (result < 0 && result !== -EEXIST) return err(failed(`add the rule for ${name}`, result));
        }
      }
    }
    return exportProgram(library, filter);
  } finally {
    library.seccomp_release(filter);
  }
}

/** Whether a program sees only calls with, or without, the bit of x32; empty where that makes no difference. */
function x32Of(arch: SeccompArch, all: readonly SeccompArch[]): Pick<ArchProgram, 'x32'> {
  if (arch === 'SCMP_ARCH_X32') return { x32: true };
  return arch === 'SCMP_ARCH_X86_64' && all.includes('SCMP_ARCH_X32') ? { x32: false } : {};
}

function compileFor(
  library: Libseccomp,
  arch: SeccompArch,
  { defaultAction, architectures: all, hidesNewer }: AppliedProfile,
  calls: readonly Call[],
  effort: Effort,
): Result<ArchProgram, HacoError> {
  const { plain, others, last } = sorted(library, arch, calls);
  const rules = compileRules(library, arch, defaultAction, effort === 'plain' ? calls : others);
  return rules.map((rest) => {
    const shortened = effort === 'short' || lengthOf(rest) >= worthShortening ? shorten(rest) : rest;
    return {
      arch: architectures[arch === 'SCMP_ARCH_X32' ? 'SCMP_ARCH_X86_64' : arch],
      program: effort === 'plain' ? rest : lookUp(plain, shortened),
      ...x32Of(arch, all),
      ...(hidesNewer && last > 0 ? { last } : {}),
    };
  });
}

/** Compile. Errors: `unsupported`, without libseccomp, or with one that is too old; `io`, when it refuses the rules. */
export function compileProfile(profile: AppliedProfile, effort: Effort = 'quick'): Result<Program, HacoError> {
  if (profile.architectures.length === 0) return err(failed('no architecture', -22));
  return libseccomp().andThen((library) =>
    callsOf(library, profile).andThen((calls) =>
      Result.combine(profile.architectures.map((arch) => compileFor(library, arch, profile, calls, effort))).map(
        joinArchitectures,
      ),
    ),
  );
}
