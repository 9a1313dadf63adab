/** Classic BPF, as seccomp runs it: put programs together, and follow one for a given system call. */

/** One instruction, `struct sock_filter`. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

export const codes = {
  load: 0x20,
  and: 0x54,
  jump: 0x05,
  equal: 0x15,
  greater: 0x25,
  notLess: 0x35,
  bits: 0x45,
  answer: 0x06,
} as const;

/** Offsets in `struct seccomp_data`. */
const at = { number: 0, arch: 4 } as const;

/** Set in the numbers of x32, which has the arch of x86-64. */
export const x32Bit = 0x4000_0000;

export const answers = {
  killProcess: 0x8000_0000,
  errno: 0x0005_0000,
  notify: 0x7fc0_0000,
  allow: 0x7fff_0000,
} as const;

const ENOSYS = 38;

/**
 * A program as the kernel reads it, two words for an instruction: its code and jumps, and its operand. Not a list of objects: a process
 * compiles some thousand instructions for its first profile, in code that the engine hasn't seen yet.
 */
export type Program = Uint32Array;

/** Words of a few instructions. */
type Words = readonly number[];

/** The first word of an instruction. */
export function head(code: number, jt = 0, jf = 0): number {
  return (code | (jt << 16) | (jf << 24)) >>> 0;
}

const answer = (k: number): Words => [codes.answer, k];
const load = (k: number): Words => [codes.load, k];
const jump = (k: number): Words => [codes.jump, k];
const test = (code: number, k: number, jt: number, jf: number): Words => [head(code, jt, jf), k];
/** Go on with the next instruction when it holds, or leave out `skipped` of them; conditional jumps reach 255 only. */
const unless = (code: number, k: number, skipped: number): Words =>
  skipped < 256 ? test(code, k, 0, skipped) : [...test(code, k, 1, 0), ...jump(skipped)];

/** How many instructions a program has, or a part of one. */
export function lengthOf(program: ArrayLike<number>): number {
  return program.length / 2;
}

/** One after the other. */
export function concat(parts: readonly ArrayLike<number>[]): Program {
  let length = 0;
  for (const part of parts) length += part.length;
  const program = new Uint32Array(length);
  let at = 0;
  for (const part of parts) {
    program.set(part, at);
    at += part.length;
  }
  return program;
}

export function decode(program: Program): readonly Instruction[] {
  return Array.from({ length: lengthOf(program) }, (_, index) => {
    const word = program[index * 2] ?? 0;
    return { code: word & 0xffff, jt: (word >>> 16) & 0xff, jf: word >>> 24, k: program[index * 2 + 1] ?? 0 };
  });
}

/** The program in these bytes, as far as they are whole instructions. Both architectures that haco runs on are little-endian. */
export function fromBytes(bytes: Uint8Array): Program {
  // A copy begins where words may begin.
  return new Uint32Array(Uint8Array.from(bytes.subarray(0, bytes.length & ~7)).buffer);
}

/** The program for calls of one architecture. */
export interface ArchProgram {
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  /** Calls with, or without, {@link x32Bit}; all, when it is missing. */
  readonly x32?: boolean;
  /** Numbers beyond this one didn't exist when the profile was written: they are answered with ENOSYS, as by an older kernel. */
  readonly last?: number;
  readonly program: Program;
}

/** What has the bit of x32 is for the program to judge: it is no number that is too high. */
function hideBeyond(last: number, x32: boolean | undefined): Words {
  return [
    ...test(codes.bits, x32 === true ? 0 : x32Bit, 2, 0),
    ...test(codes.greater, last, 0, 1),
    ...answer(answers.errno | ENOSYS),
  ];
}

/** One program out of several for an architecture each. Calls of all others end the process. */
export function joinArchitectures(programs: readonly ArchProgram[]): Program {
  const parts: ArrayLike<number>[] = [];
  for (const one of programs) {
    const { arch, program } = one;
    const { x32, last } = { x32: undefined, last: undefined, ...one };
    const beyond = last === undefined ? [] : hideBeyond(last, x32);
    const length = lengthOf(beyond) + lengthOf(program);
    const chosen =
      x32 === undefined
        ? []
        : x32
          ? unless(codes.bits, x32Bit, length)
          : [...test(codes.bits, x32Bit, 0, 1), ...jump(length)];
    const whole = 1 + lengthOf(chosen) + length;
    parts.push(load(at.arch), unless(codes.equal, arch, whole), load(at.number), chosen, beyond, program);
  }
  return concat([...parts, answer(answers.killProcess)]);
}

/** First one, then the other: what the first would let happen, the second decides about. */
export function chain(programs: readonly Program[]): Program {
  const [only] = programs;
  if (only !== undefined && programs.length === 1) return only;
  const whole = concat(programs);
  let end = 0;
  for (const program of programs.slice(0, -1)) {
    const begin = end;
    end += program.length;
    for (let place = begin; place < end; place += 2) {
      if (whole[place] === codes.answer && whole[place + 1] === answers.allow) {
        whole.set(jump((end - place) / 2 - 1), place);
      }
    }
  }
  return whole;
}

/** A program by which the kernel asks about these numbers (or about all), and lets the rest happen. */
export function askAbout({
  arch,
  hasX32,
  numbers,
}: {
  readonly arch: number;
  readonly hasX32: boolean;
  readonly numbers: 'all' | readonly number[];
}): Program {
  // A call by the table of another architecture would go past the one who is to be asked.
  const foreign: readonly Words[] = [
    load(at.arch),
    test(codes.equal, arch, 1, 0),
    answer(answers.killProcess),
    load(at.number),
    ...(hasX32 ? [test(codes.bits, x32Bit, 0, 1), answer(answers.killProcess)] : []),
  ];
  if (numbers === 'all') return concat([...foreign, answer(answers.notify)]);
  return concat([
    ...foreign,
    ...numbers.flatMap((k) => [test(codes.equal, k, 0, 1), answer(answers.notify)]),
    answer(answers.allow),
  ]);
}

/** A system call as a filter sees it. */
export interface SeccompData {
  readonly number: number;
  readonly arch: number;
  readonly args: readonly bigint[];
}

/** What a program answers; undefined when it does something that filters of libseccomp never do. */
export function follow(program: Program, { number, arch, args }: SeccompData): number | undefined {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(at.number, number, true);
  data.setUint32(at.arch, arch, true);
  args.forEach((arg, index) => data.setBigUint64(16 + index * 8, BigInt.asUintN(64, arg), true));
  let accumulator = 0;
  for (let pc = 0; pc < lengthOf(program); pc++) {
    const word = program[pc * 2] ?? 0;
    const k = program[pc * 2 + 1] ?? 0;
    const branch = (holds: boolean): void => void (pc += holds ? (word >>> 16) & 0xff : word >>> 24);
    switch (word & 0xffff) {
      case codes.load:
        if (k > 60) return undefined;
        accumulator = data.getUint32(k, true);
        break;
      case codes.and:
        accumulator = (accumulator & k) >>> 0;
        break;
      case codes.jump:
        pc += k;
        break;
      case codes.equal:
        branch(accumulator === k);
        break;
      case codes.greater:
        branch(accumulator > k);
        break;
      case codes.notLess:
        branch(accumulator >= k);
        break;
      case codes.bits:
        branch((accumulator & k) !== 0);
        break;
      case codes.answer:
        return k;
      default:
        return undefined;
    }
  }
  return undefined;
}
