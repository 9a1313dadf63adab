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
const size = 8;

export const answer = (k: number): Instruction => ({ code: codes.answer, k, jt: 0, jf: 0 });
const load = (k: number): Instruction => ({ code: codes.load, k, jt: 0, jf: 0 });
const jump = (k: number): Instruction => ({ code: codes.jump, k, jt: 0, jf: 0 });
/** Go on with the next instruction when it holds, or leave out `skipped` of them; conditional jumps reach 255 only. */
const unless = (code: number, k: number, skipped: number): readonly Instruction[] =>
  skipped < 256 ? [{ code, k, jt: 0, jf: skipped }] : [{ code, k, jt: 1, jf: 0 }, jump(skipped)];

export function encode(program: readonly Instruction[]): Uint8Array {
  // Both architectures that haco runs on are little-endian.
  const words = new Uint32Array(program.length * 2);
  program.forEach(({ code, jt, jf, k }, index) => {
    words[index * 2] = code | (jt << 16) | (jf << 24);
    words[index * 2 + 1] = k;
  });
  return new Uint8Array(words.buffer);
}

export function decode(bytes: Uint8Array): readonly Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / size }, (_, index) => ({
    code: view.getUint16(index * size, true),
    jt: view.getUint8(index * size + 2),
    jf: view.getUint8(index * size + 3),
    k: view.getUint32(index * size + 4, true),
  }));
}

/** The program for calls of one architecture. */
export interface ArchProgram {
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  /** Calls with, or without, {@link x32Bit}; all, when it is missing. */
  readonly x32?: boolean;
  /** Numbers beyond this one didn't exist when the profile was written: they are answered with ENOSYS, as by an older kernel. */
  readonly last?: number;
  readonly program: readonly Instruction[];
}

/** One program out of several for an architecture each. Calls of all others end the process. */
export function joinArchitectures(programs: readonly ArchProgram[]): readonly Instruction[] {
  const segments = programs.flatMap((one) => {
    const { arch, program } = one;
    const { x32, last } = { x32: undefined, last: undefined, ...one };
    const beyond: readonly Instruction[] =
      last === undefined
        ? []
        : // What has the bit of x32 is for the program to judge: it is no number that is too high.
          [
            { code: codes.bits, k: x32 === true ? 0 : x32Bit, jt: 2, jf: 0 },
            { code: codes.greater, k: last, jt: 0, jf: 1 },
            answer(answers.errno | ENOSYS),
          ];
    const body = [...beyond, ...program];
    const chosen =
      x32 === undefined
        ? body
        : x32
          ? [...unless(codes.bits, x32Bit, body.length), ...body]
          : [{ code: codes.bits, k: x32Bit, jt: 0, jf: 1 }, jump(body.length), ...body];
    const whole = [load(at.number), ...chosen];
    return [load(at.arch), ...unless(codes.equal, arch, whole.length), ...whole];
  });
  return [...segments, answer(answers.killProcess)];
}

/** First one, then the other: what the first would let happen, the second decides about. */
export function chain(programs: readonly (readonly Instruction[])[]): readonly Instruction[] {
  return programs.flatMap((program, index) =>
    index === programs.length - 1
      ? program
      : program.map((one, place) =>
          one.code === codes.answer && one.k === answers.allow ? jump(program.length - place - 1) : one,
        ),
  );
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
}): readonly Instruction[] {
  // A call by the table of another architecture would go past the one who is to be asked.
  const foreign: readonly Instruction[] = [
    load(at.arch),
    { code: codes.equal, k: arch, jt: 1, jf: 0 },
    answer(answers.killProcess),
    load(at.number),
    ...(hasX32 ? [{ code: codes.bits, k: x32Bit, jt: 0, jf: 1 }, answer(answers.killProcess)] : []),
  ];
  if (numbers === 'all') return [...foreign, answer(answers.notify)];
  return [
    ...foreign,
    ...numbers.flatMap((k) => [{ code: codes.equal, k, jt: 0, jf: 1 }, answer(answers.notify)]),
    answer(answers.allow),
  ];
}

/** A system call as a filter sees it. */
export interface SeccompData {
  readonly number: number;
  readonly arch: number;
  readonly args: readonly bigint[];
}

/** What a program answers; undefined when it does something that filters of libseccomp never do. */
export function follow(program: readonly Instruction[], { number, arch, args }: SeccompData): number | undefined {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(at.number, number, true);
  data.setUint32(at.arch, arch, true);
  args.forEach((arg, index) => data.setBigUint64(16 + index * 8, BigInt.asUintN(64, arg), true));
  let accumulator = 0;
  for (let pc = 0; pc < program.length; pc++) {
    const one = program[pc];
    if (one === undefined) return undefined;
    const { code, jt, jf, k } = one;
    const branch = (holds: boolean): void => void (pc += holds ? jt : jf);
    switch (code) {
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
