/** Rules about devices as a program of the kernel (eBPF): how cgroup v2 limits the use of devices. */
import { accessBits, type ParsedRule } from './device-rules.js';

/** Types of devices in the program's context: `BPF_DEVCG_DEV_BLOCK`, `BPF_DEVCG_DEV_CHAR`. */
const types = { b: 1, c: 2 } as const;

/** Operation codes of linux/bpf.h: 64-bit arithmetic and jumps with a constant (`BPF_K`) or a register (`BPF_X`). */
const codes = {
  loadWord: 0x61,
  moveConstant: 0xb7,
  moveRegister: 0xbf,
  shiftRight: 0x77,
  and: 0x57,
  jump: 0x05,
  jumpIfEqual: 0x15,
  jumpIfNot: 0x55,
  jumpIfBits: 0x45,
  exit: 0x95,
} as const;

/** Registers: the answer, the context, and what is read from it. `asked`: accesses about which no rule has decided yet. */
const registers = { answer: 0, context: 1, type: 2, asked: 3, major: 4, minor: 5 } as const;

/** One instruction: `struct bpf_insn` without the halves of its second byte taken apart. */
interface Instruction {
  readonly code: number;
  readonly to?: number;
  readonly from?: number;
  readonly offset?: number;
  readonly constant?: number;
}

const everything = accessBits.m | accessBits.r | accessBits.w;

function answer(allow: boolean): readonly Instruction[] {
  return [{ code: codes.moveConstant, to: registers.answer, constant: allow ? 1 : 0 }, { code: codes.exit }];
}

/** What a rule does with the devices that it covers; falls through to the next rule when something is still undecided. */
function decide({ allow, access }: ParsedRule): readonly Instruction[] {
  if (access === everything) return answer(allow);
  const { asked } = registers;
  if (!allow) {
    // Denied as soon as one of the accesses is: jump over the jump to the answer.
    return [
      { code: codes.jumpIfBits, to: asked, constant: access, offset: 1 },
      { code: codes.jump, offset: 2 },
      ...answer(false),
    ];
  }
  return [
    { code: codes.and, to: asked, constant: everything & ~access },
    { code: codes.jumpIfNot, to: asked, constant: 0, offset: 2 },
    ...answer(true),
  ];
}

function instructionsOf(rule: ParsedRule): readonly Instruction[] {
  const body = decide(rule);
  const conditions = [
    ...(rule.type === 'a' ? [] : [[registers.type, types[rule.type]] as const]),
    ...(rule.major === undefined ? [] : [[registers.major, rule.major] as const]),
    ...(rule.minor === undefined ? [] : [[registers.minor, rule.minor] as const]),
  ];
  return [
    ...conditions.map(([to, constant], index) => ({
      code: codes.jumpIfNot,
      to,
      constant,
      offset: conditions.length - 1 - index + body.length,
    })),
    ...body,
  ];
}

function decidesAll({ type, major, minor, access }: ParsedRule): boolean {
  return type === 'a' && major === undefined && minor === undefined && access === everything;
}

/** Size of an instruction in bytes. */
export const instructionSize = 8;

function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * instructionSize);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, to = 0, from = 0, offset = 0, constant = 0 }, index) => {
    const at = index * instructionSize;
    view.setUint8(at, code);
    view.setUint8(at + 1, (from << 4) | to);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, constant, true);
  });
  return bytes;
}

/**
 * A program of type `BPF_PROG_TYPE_CGROUP_DEVICE` in the byte order of x64 and arm64. The last rule that covers a device and an
 * access decides about it; what no rule covers is allowed here and left to the groups above. It reads the rules backwards and
 * crosses off what is allowed, so a request for several accesses is answered as if each were asked for alone.
 *
 * @see https://docs.kernel.org/bpf/prog_cgroup_sysctl.html
 */
export function deviceProgram(rules: readonly ParsedRule[]): Uint8Array {
  const { context, type, asked, major, minor } = registers;
  const instructions: Instruction[] = [
    // struct bpf_cgroup_dev_ctx { u32 access_type; u32 major; u32 minor; }: access in the upper half of the first word.
    { code: codes.loadWord, to: type, from: context, offset: 0 },
    { code: codes.moveRegister, to: asked, from: type },
    { code: codes.shiftRight, to: asked, constant: 16 },
    { code: codes.and, to: type, constant: 0xffff },
    { code: codes.loadWord, to: major, from: context, offset: 4 },
    { code: codes.loadWord, to: minor, from: context, offset: 8 },
  ];
  const backwards = [...rules].reverse();
  const last = backwards.findIndex(decidesAll);
  // The verifier refuses what can't be reached.
  const reached = last === -1 ? backwards : backwards.slice(0, last + 1);
  for (const rule of reached) instructions.push(...instructionsOf(rule));
  if (last === -1) instructions.push(...answer(true));
  return encode(instructions);
}
