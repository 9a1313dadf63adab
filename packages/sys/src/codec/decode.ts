/** Encoded plans read back, for tests: first as the launcher sees them, then as the operations that they were made of. */
import type { Arg, Operation, Step, SyscallOperation } from '@haco/plan';
import { errnoName } from '../errno.js';
import { syscallNumbers } from './numbers.generated.js';
import * as wire from './wire.js';

/** One operation as it lies in memory. */
export interface DecodedOp {
  readonly code: number;
  readonly save: number;
  readonly flags: number;
  readonly step: number;
  readonly nr: number;
  readonly skipSuccess: number;
  readonly skipTolerated: number;
  readonly tolerate: readonly number[];
  readonly retryErrno: number;
  readonly retryTimes: number;
  /** Decimal, as 64 bits are more than a number holds. */
  readonly expect: string;
  readonly args: readonly { readonly kind: number; readonly value: string }[];
}

/** A whole plan as it lies in memory. */
export interface DecodedPlan {
  readonly header: Readonly<Record<keyof typeof wire.header, number>>;
  readonly ops: readonly DecodedOp[];
  readonly relocs: readonly number[];
}

/** Read what the launcher reads, in the words of wire.ts. */
export function decodePlan(bytes: Buffer): DecodedPlan {
  const header = Object.fromEntries(
    // A pid is the only signed field.
    Object.entries(wire.header).map(([name, at]) => [
      name,
      name === 'caller' ? bytes.readInt32LE(at) : bytes.readUInt32LE(at),
    ]),
  ) as unknown as DecodedPlan['header'];
  const ops = Array.from({ length: header.nops }, (_, index): DecodedOp => {
    const at = header.ops + index * wire.opSize;
    return {
      code: bytes.readUInt8(at + wire.op.code),
      save: bytes.readUInt8(at + wire.op.save),
      flags: bytes.readUInt8(at + wire.op.flags),
      step: bytes.readUInt16LE(at + wire.op.step),
      nr: bytes.readUInt16LE(at + wire.op.nr),
      skipSuccess: bytes.readUInt16LE(at + wire.op.skipSuccess),
      skipTolerated: bytes.readUInt16LE(at + wire.op.skipTolerated),
      tolerate: [0, 1, 2, 3].map((i) => bytes.readUInt16LE(at + wire.op.tolerate + i * 2)),
      retryErrno: bytes.readUInt16LE(at + wire.op.retryErrno),
      retryTimes: bytes.readUInt16LE(at + wire.op.retryTimes),
      expect: String(bytes.readBigInt64LE(at + wire.op.expect)),
      args: Array.from({ length: bytes.readUInt8(at + wire.op.nargs) }, (__, i) => ({
        kind: bytes.readUInt8(at + wire.op.kind + i),
        value: String(bytes.readBigInt64LE(at + wire.op.arg + i * 8)),
      })),
    };
  });
  const relocs = Array.from({ length: header.nrelocs }, (_, i) => bytes.readUInt32LE(header.relocs + i * 4));
  return { header, ops, relocs };
}

const widths = { u16: 2, u32: 4, u64: 8 } as const;

/** Reads operations back in order. What the wire doesn't keep (names of flags, fields and slots) it takes from `steps`. */
class Reader {
  private readonly plan: DecodedPlan;
  private next = 0;
  /** Slot names by index, as they come up. */
  private readonly slots = new Map<number, string>([[0, 'caller']]);
  private readonly outs = new Map<string, number>();
  /** STORE and FORMAT operations seen since the last operation that they prepare: where to → slot. */
  private prepared = new Map<number, number>();

  constructor(
    private readonly bytes: Buffer,
    private readonly arch: 'x64' | 'arm64',
    private readonly fds: readonly string[],
    private readonly sync: boolean,
  ) {
    this.plan = decodePlan(bytes);
  }

  /** All operations were read. */
  get isAtEnd(): boolean {
    return this.next === this.plan.ops.length;
  }

  private take(): DecodedOp {
    for (;;) {
      const op = this.plan.ops[this.next++];
      if (op === undefined) throw new Error('the encoded plan has too few operations');
      if (op.code !== wire.codes.store && op.code !== wire.codes.format) return op;
      this.prepared.set(Number(op.args[0]?.value), Number(op.args[1]?.value));
    }
  }

  private slot(index: number, name: string): string {
    const known = this.slots.get(index);
    if (known !== undefined) return known;
    if ([...this.slots.values()].includes(name)) return `a second slot for ${name}`;
    this.slots.set(index, name);
    return name;
  }

  private string(at: number): string {
    return this.bytes.toString('utf8', at, this.bytes.indexOf(0, at));
  }

  private integer(at: number, width: 2 | 4 | 8, like: number): number {
    const signed =
      width === 2
        ? this.bytes.readInt16LE(at)
        : width === 4
          ? this.bytes.readInt32LE(at)
          : Number(this.bytes.readBigInt64LE(at));
    // Two's complement: whether a narrow field is meant signed, only its writer knows.
    return like >= 0 && signed < 0 ? signed + 2 ** (width * 8) : signed;
  }

  private fd(value: number, name: string): Arg {
    const first = this.sync ? wire.planFd + 1 : wire.planFd;
    const expected =
      name === 'channel'
        ? wire.channelFd
        : name === 'first-closed'
          ? first
          : name === 'after-channel'
            ? wire.channelFd + 1
            : wire.firstPassedFd + this.fds.indexOf(name);
    return { fd: value === expected ? name : `number ${String(value)}` };
  }

  private pointed(at: number, like: Arg): Arg {
    if (typeof like === 'string') return this.string(at);
    if (typeof like === 'number') return NaN;
    if ('struct' in like) {
      let field = at;
      return {
        struct: like.struct.map(({ name, type, value }) => {
          const here = field;
          field += widths[type];
          return { name, type, value: this.field(here, widths[type], value) };
        }),
      };
    }
    if ('strings' in like) {
      const strings: string[] = [];
      for (let entry = at; this.bytes.readBigUInt64LE(entry) !== 0n; entry += 8) {
        if (!this.plan.relocs.includes(entry)) throw new Error('a pointer that is not relocated');
        strings.push(this.string(Number(this.bytes.readBigUInt64LE(entry))));
      }
      return { strings };
    }
    if ('bytes' in like) {
      const { length } = Buffer.from(like.bytes, 'base64');
      return { bytes: this.bytes.toString('base64', at, at + length) };
    }
    if ('out' in like) {
      const known = this.outs.get(like.out) ?? at;
      this.outs.set(like.out, known);
      const zero = this.bytes.subarray(at, at + like.size).every((byte) => byte === 0);
      return known === at && zero && at >= this.plan.header.shared ? like : { out: 'elsewhere', size: at };
    }
    if ('procPath' in like) {
      const index = this.prepared.get(at + 6);
      const path = this.string(at);
      return path === '/proc/' && index !== undefined ? { procPath: this.slot(index, like.procPath) } : path;
    }
    throw new Error('not an argument that is passed by pointer');
  }

  private field(at: number, width: 2 | 4 | 8, like: Arg): Arg {
    const index = this.prepared.get(at);
    if (index !== undefined)
      return { slot: this.slot(index, typeof like === 'object' && 'slot' in like ? like.slot : '?') };
    if (this.plan.relocs.includes(at)) return this.pointed(Number(this.bytes.readBigUInt64LE(at)), like);
    if (typeof like === 'object' && 'flags' in like)
      return { flags: like.flags, value: this.integer(at, width, like.value) };
    if (typeof like === 'object' && 'fd' in like) return this.fd(this.integer(at, width, 0), like.fd);
    return this.integer(at, width, typeof like === 'number' ? like : 0);
  }

  private arg(op: DecodedOp, index: number, like: Arg): Arg {
    const arg = op.args[index];
    if (arg === undefined) return NaN;
    const value = Number(arg.value);
    if (arg.kind === wire.kinds.slot)
      return { slot: this.slot(value, typeof like === 'object' && 'slot' in like ? like.slot : '?') };
    if (arg.kind === wire.kinds.data) return this.pointed(value, like);
    if (typeof like === 'object' && 'flags' in like) return { flags: like.flags, value };
    if (typeof like === 'object' && 'fd' in like) return this.fd(value, like.fd);
    return value;
  }

  /** How many operations of the step a skip over `count` operations on the wire leaves out. */
  private skipped(count: number): number {
    const left = this.plan.ops.slice(this.next, this.next + count);
    return left.filter(({ code }) => code !== wire.codes.store && code !== wire.codes.format).length;
  }

  private syscall(op: DecodedOp, like: SyscallOperation): Operation {
    const name = Object.entries(syscallNumbers[this.arch]).find(([, nr]) => nr === op.nr)?.[0] ?? '?';
    const tolerate = op.tolerate.filter((errno) => errno !== 0).map(errnoName);
    const success = this.skipped(op.skipSuccess);
    const tolerated = this.skipped(op.skipTolerated);
    return {
      op: 'syscall',
      name,
      args: Array.from({ length: op.args.length }, (_, i) => this.arg(op, i, like.args[i] ?? 0)),
      ...(op.save === wire.noSlot ? {} : { save: this.slot(op.save, like.save ?? '?') }),
      ...(tolerate.length === 0 ? {} : { tolerate }),
      ...(op.flags & wire.opFlags.expect ? { expect: Number(op.expect) } : {}),
      ...(success === 0 ? {} : { skipOnSuccess: success }),
      ...(tolerated === 0 ? {} : { skipOnTolerated: tolerated }),
      ...(op.retryErrno === 0 ? {} : { retry: { errnos: [errnoName(op.retryErrno)], times: op.retryTimes } }),
    };
  }

  operation(like: Operation, barriers: { count: number }): Operation {
    this.prepared = new Map();
    const op = this.take();
    switch (op.code) {
      case wire.codes.syscall:
        return this.syscall(op, like as SyscallOperation);
      case wire.codes.load: {
        const at = Number(op.args[0]?.value);
        const from = like.op === 'load' ? like.from : '?';
        return {
          op: 'load',
          from,
          offset: at - (this.outs.get(from) ?? 0),
          save: this.slot(op.save, like.op === 'load' ? like.save : '?'),
        };
      }
      case wire.codes.compare: {
        const original = like.op === 'compare' ? like : undefined;
        const from = original?.from ?? '?';
        const [left, right, size] = [0, 1, 2].map((i) => Number(op.args[i]?.value));
        if (left === undefined || right === undefined || size === undefined)
          throw new Error('compare has three arguments');
        const offset = left - (this.outs.get(from) ?? 0);
        const other =
          original !== undefined && 'out' in original.with
            ? { out: right - offset === this.outs.get(original.with.out) ? original.with.out : '?', size }
            : { bytes: this.bytes.subarray(right, right + size).toString('base64') };
        return { op: 'compare', from, offset, with: other, must: original?.must ?? '?' };
      }
      case wire.codes.clone: {
        const at = Number(op.args[0]?.value);
        const into = this.prepared.get(at + 80);
        const flags = this.bytes.readBigUInt64LE(at) - (into === undefined ? 0n : 0x2_0000_0000n);
        const original = like.op === 'clone' ? like : undefined;
        this.slot(op.save, 'child');
        return {
          op: 'clone',
          flags: { flags: original?.flags.flags ?? [], value: Number(flags) },
          ...(into === undefined ? {} : { cgroup: this.slot(into, original?.cgroup ?? '?') }),
        };
      }
      case wire.codes.barrier:
        // Its name stays in Node: the wire has only its number.
        return Number(op.args[0]?.value) === barriers.count++ ? like : { op: 'barrier', name: '?' };
      case wire.codes.init:
        return { op: 'init' };
      case wire.codes.killListed:
        return {
          op: 'kill-listed',
          dir: this.slot(Number(op.args[0]?.value), like.op === 'kill-listed' ? like.dir : '?'),
          file: this.string(Number(op.args[1]?.value)),
        };
      default:
        throw new Error(`unknown code ${String(op.code)}`);
    }
  }
}

/** The operations of each step, read out of the bytes. Equal to those of `steps` when the encoder did its work. */
export function decodeSteps(
  bytes: Buffer,
  steps: readonly Step[],
  options: { readonly arch: 'x64' | 'arm64'; readonly fds: readonly string[] },
): readonly (readonly Operation[])[] {
  const sync = (decodePlan(bytes).header.flags & wire.planFlags.sync) !== 0;
  const reader = new Reader(bytes, options.arch, options.fds, sync);
  const barriers = { count: 0 };
  const decoded = steps.map((step) => step.operations.map((operation) => reader.operation(operation, barriers)));
  if (!reader.isAtEnd) throw new Error('the encoded plan has too many operations');
  return decoded;
}
