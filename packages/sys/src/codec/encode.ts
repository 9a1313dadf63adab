/** A plan as bytes for the launcher, and the map back from its operations to the plan's steps. */
import { processOf, type Arg, type Operation, type Step, type SyscallOperation, ownOnly } from '@haco/plan';
import { errnoNumber } from '../errno.js';
import { syscallNumbers } from './numbers.generated.js';
import { countUnseen } from './unseen.js';
import * as wire from './wire.js';

/** What the launcher must know besides the steps. */
export interface EncodeOptions {
  readonly arch: 'x64' | 'arm64';
  /** Pid of Node. */
  readonly callerPid: number;
  /** The container ends when Node ends. */
  readonly dieWithCaller: boolean;
  /** Prod Node with SIGCHLD when the command runs, although the launcher stays. */
  readonly notify: boolean;
  /** Names of descriptors handed to the launcher, in order, from descriptor 5; `channel` is always 4. */
  readonly fds: readonly string[];
}

/** Where each operation on the wire comes from. */
export interface OperationOrigin {
  readonly step: Step;
  readonly operation: Operation;
}

/** A plan in the form that the launcher performs. */
export interface EncodedPlan {
  readonly bytes: Buffer;
  readonly origins: readonly OperationOrigin[];
  /** Offset and size of each named out buffer. */
  readonly outs: ReadonlyMap<string, { readonly offset: number; readonly size: number }>;
  /** Names of the barriers by their number. */
  readonly barriers: readonly (Operation & { readonly op: 'barrier' })[];
  readonly reportOffset: number;
  /** Where the bytes begin that a start changes: out buffers and report. */
  readonly sharedOffset: number;
  /** Steps in the order of their times in the report. */
  readonly steps: readonly Step[];
  /**
   * Flags of the clone that begins the plan, when the container's own process can perform all of it: nothing is done before or
   * beside it, nothing after its end, and nobody waits for its exec.
   */
  readonly aloneFlags?: number;
  /** Of such a plan: how many operations may be performed before it is sure that it will be. */
  readonly unseen: number;
  /** Whether it needs the socket to Node: for a barrier, or an operation that names it. */
  readonly usesChannel: boolean;
  /** The container ends with its caller, and no launcher stays to see to it, as where something must be undone, or an init looked after. */
  readonly needsGuard: boolean;
}

interface WireArg {
  readonly kind: number;
  /** An integer; for data, an offset in its section. */
  readonly value: number;
  /** Data of the shared section: an out buffer. */
  readonly shared: boolean;
}

interface WireOp {
  readonly code: number;
  readonly args: readonly WireArg[];
  readonly save: number;
  readonly nr: number;
  readonly expect: number | undefined;
  readonly tolerate: readonly number[];
  readonly retryErrno: number;
  readonly retryTimes: number;
  skipSuccess: number;
  skipTolerated: number;
}

const nothing: readonly number[] = [];

/** What an operation may say beside its code and arguments; `undefined` where it doesn't. */
type More = {
  readonly [Key in 'save' | 'nr' | 'expect' | 'tolerate' | 'retryErrno' | 'retryTimes']: WireOp[Key] | undefined;
};

const noMore: More = {
  save: undefined,
  nr: undefined,
  expect: undefined,
  tolerate: undefined,
  retryErrno: undefined,
  retryTimes: undefined,
};

/** An operation: what isn't said is there, too, so that nothing is looked for on `Object.prototype`, and all have one shape. */
function wireOp(code: number, args: readonly WireArg[], more: More = noMore): WireOp {
  return {
    code,
    args,
    save: more.save ?? wire.noSlot,
    nr: more.nr ?? 0,
    expect: more.expect,
    tolerate: more.tolerate ?? nothing,
    retryErrno: more.retryErrno ?? 0,
    retryTimes: more.retryTimes ?? 0,
    skipSuccess: 0,
    skipTolerated: 0,
  };
}

const immediate = (value: number): WireArg => ({ kind: wire.kinds.immediate, value, shared: false });
const slotArg = (value: number): WireArg => ({ kind: wire.kinds.slot, value, shared: false });
const pointerTo = (value: number, shared = false): WireArg => ({ kind: wire.kinds.data, value, shared });

/** A plan that can't be encoded is a mistake of the part that made it, not of its user: it is thrown. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
}

const widths = { u16: 2, u32: 4, u64: 8 } as const;

function align8(size: number): number {
  return (size + 7) & ~7;
}

/** Collects the data that operations point to. Offsets are relative to the section until it is placed. */
class Data {
  private readonly chunks: Buffer[] = [];
  length = 0;
  private readonly strings = new Map<string, number>();
  /** u64 fields that hold offsets of data: where they are, and whether what they point to is shared. */
  readonly relocations: { readonly at: number; readonly shared: boolean }[] = [];

  add(bytes: Buffer): number {
    const offset = this.length;
    this.chunks.push(bytes);
    this.length += bytes.length;
    const padding = align8(bytes.length) - bytes.length;
    if (padding > 0) {
      this.chunks.push(Buffer.alloc(padding));
      this.length += padding;
    }
    return offset;
  }

  string(text: string): number {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    if (text.includes('\0')) throw new EncodeError(`a string of the plan contains a NUL byte: ${JSON.stringify(text)}`);
    const offset = this.add(Buffer.from(`${text}\0`, 'utf8'));
    this.strings.set(text, offset);
    return offset;
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

class Encoder {
  readonly ops: { wire: WireOp; step: number; origin: OperationOrigin; last: boolean }[] = [];
  readonly data = new Data();
  /** Out buffers: the only data that the processes of a start and Node share. */
  readonly shared = new Data();
  /** Slot 0 holds a pidfd of Node from the start; see native/plan.h. */
  readonly slots = new Map<string, number>([['caller', 0]]);
  readonly outs = new Map<string, { offset: number; size: number }>();
  readonly barriers: (Operation & { readonly op: 'barrier' })[] = [];
  /** An operation names the socket to Node. */
  usesChannel = false;

  constructor(
    private readonly options: EncodeOptions,
    private readonly sync: boolean,
  ) {}

  private slotIndex(name: string): number {
    let index = this.slots.get(name);
    if (index === undefined) {
      index = this.slots.size;
      if (index >= wire.limits.slots) throw new EncodeError('the plan keeps more values than the launcher has slots');
      this.slots.set(name, index);
    }
    return index;
  }

  private out(name: string, size: number): number {
    const known = this.outs.get(name);
    if (known !== undefined) {
      if (known.size !== size) throw new EncodeError(`the out buffer ${name} has two sizes`);
      return known.offset;
    }
    if (!Number.isSafeInteger(size) || size <= 0 || size > wire.limits.size) {
      throw new EncodeError(`the out buffer ${name} has no possible size: ${String(size)}`);
    }
    const offset = this.shared.add(Buffer.alloc(size));
    this.outs.set(name, { offset, size });
    return offset;
  }

  /** One argument, and the operations that must run right before its call. */
  private arg(arg: Arg, before: WireOp[]): WireArg {
    if (typeof arg === 'number') return immediate(arg);
    if (typeof arg === 'string') return pointerTo(this.data.string(arg));
    if ('slot' in arg) return slotArg(this.slotIndex(arg.slot));
    if ('flags' in arg) return immediate(arg.value);
    if ('fd' in arg) return immediate(this.fd(arg.fd));
    if ('struct' in arg) return pointerTo(this.struct(arg.struct, before));
    if ('strings' in arg) return pointerTo(this.strings(arg.strings));
    if ('bytes' in arg) return pointerTo(this.data.add(Buffer.from(arg.bytes, 'base64')));
    if ('out' in arg) return pointerTo(this.out(arg.out, arg.size), true);
    // "/proc/" + the number that FORMAT writes.
    const buffer = Buffer.alloc(24);
    buffer.write('/proc/');
    const offset = this.data.add(buffer);
    before.push(wireOp(wire.codes.format, [pointerTo(offset + 6), slotArg(this.slotIndex(arg.procPath))]));
    return pointerTo(offset);
  }

  private fd(name: string): number {
    if (name === 'channel') {
      this.usesChannel = true;
      return wire.channelFd;
    }
    if (name === 'after-channel') return wire.channelFd + 1;
    // The socket by which the launcher sees the exec takes the place of the plan, and closes itself then.
    if (name === 'first-closed') return this.sync ? wire.planFd + 1 : wire.planFd;
    const index = this.options.fds.indexOf(name);
    if (index === -1) throw new EncodeError(`nobody hands over a descriptor named ${name}`);
    return wire.firstPassedFd + index;
  }

  private struct(fields: readonly { type: keyof typeof widths; value: Arg }[], before: WireOp[]): number {
    const size = fields.reduce((sum, field) => sum + widths[field.type], 0);
    const buffer = Buffer.alloc(size);
    const offset = this.data.add(buffer);
    let at = 0;
    for (const field of fields) {
      const width = widths[field.type];
      const value = this.arg(field.value, before);
      if (value.kind === wire.kinds.slot) {
        before.push(wireOp(wire.codes.store, [pointerTo(offset + at), value, immediate(width)]));
      } else {
        writeInteger(buffer, at, width, value.value);
        if (value.kind === wire.kinds.data) {
          if (width !== 8) throw new EncodeError('a pointer needs a u64 field');
          if (at % 8 !== 0) throw new EncodeError('a pointer must lie at a multiple of 8 in its structure');
          this.data.relocations.push({ at: offset + at, shared: value.shared });
        }
      }
      at += width;
    }
    return offset;
  }

  private strings(texts: readonly string[]): number {
    const table = Buffer.alloc((texts.length + 1) * 8);
    const pointers = texts.map((text) => this.data.string(text));
    const offset = this.data.add(table);
    pointers.forEach((pointer, index) => {
      writeInteger(table, index * 8, 8, pointer);
      this.data.relocations.push({ at: offset + index * 8, shared: false });
    });
    return offset;
  }

  private syscall(operation: SyscallOperation): WireOp[] {
    const before: WireOp[] = [];
    const args = operation.args.map((arg) => this.arg(arg, before));
    if (args.length > wire.limits.args) throw new EncodeError(`${operation.name} has too many arguments`);
    const nr = (syscallNumbers[this.options.arch] as Readonly<Record<string, number>>)[operation.name];
    if (nr === undefined) throw new EncodeError(`${operation.name} is no system call of ${this.options.arch}`);
    const tolerate = (operation.tolerate ?? []).map(errno);
    if (tolerate.length > wire.limits.tolerate) throw new EncodeError(`${operation.name} tolerates too many errors`);
    const retry = operation.retry;
    if (retry !== undefined && retry.errnos.length !== 1) throw new EncodeError('retry takes exactly one errno');
    if (retry !== undefined && !(retry.times >= 0 && retry.times <= 0xffff)) {
      throw new EncodeError(`${operation.name} can't be retried ${String(retry.times)} times`);
    }
    const call = wireOp(wire.codes.syscall, args, {
      nr,
      tolerate,
      save: operation.save === undefined ? undefined : this.slotIndex(operation.save),
      expect: operation.expect,
      retryErrno: retry === undefined ? undefined : errno(retry.errnos[0] ?? ''),
      retryTimes: retry?.times,
    });
    return before.length === 0 ? [call] : [...before, call];
  }

  private clone(operation: Operation & { readonly op: 'clone' }): WireOp[] {
    // struct clone_args of kernel 5.7, the first with `cgroup`; the launcher fills in pidfd and adds its own flags.
    const args = Buffer.alloc(88);
    const into = operation.cgroup === undefined ? 0 : 0x2_0000_0000; // CLONE_INTO_CGROUP
    writeInteger(args, 0, 8, operation.flags.value + into);
    const offset = this.data.add(args);
    const store: WireOp[] =
      operation.cgroup === undefined
        ? []
        : [wireOp(wire.codes.store, [pointerTo(offset + 80), slotArg(this.slotIndex(operation.cgroup)), immediate(8)])];
    return [...store, wireOp(wire.codes.clone, [pointerTo(offset)], { ...noMore, save: this.slotIndex('child') })];
  }

  /** The place in an out buffer, which must have been written before. */
  private written(name: string, offset: number, size: number): WireArg {
    const out = this.outs.get(name);
    if (out === undefined || offset + size > out.size || !(offset >= 0)) {
      throw new EncodeError(`nothing was written to ${name} at ${String(offset)}`);
    }
    return pointerTo(out.offset + offset, true);
  }

  private compare({ from, offset, with: other }: Operation & { readonly op: 'compare' }): WireOp {
    const bytes = 'bytes' in other ? Buffer.from(other.bytes, 'base64') : undefined;
    const size = 'size' in other ? other.size : (bytes?.length ?? 0);
    if (!Number.isSafeInteger(size) || size <= 0) throw new EncodeError(`nothing to compare ${from} with`);
    const right = bytes === undefined && 'out' in other ? this.written(other.out, offset, size) : undefined;
    return wireOp(wire.codes.compare, [
      this.written(from, offset, size),
      right ?? pointerTo(this.data.add(bytes ?? Buffer.alloc(size))),
      immediate(size),
    ]);
  }

  private operation(operation: Operation): WireOp[] {
    switch (operation.op) {
      case 'syscall':
        return this.syscall(operation);
      case 'load': {
        const from = this.written(operation.from, operation.offset, 4);
        if (operation.offset % 4 !== 0) throw new EncodeError('load reads at multiples of 4');
        return [wireOp(wire.codes.load, [from], { ...noMore, save: this.slotIndex(operation.save) })];
      }
      case 'compare':
        return [this.compare(operation)];
      case 'clone':
        return this.clone(operation);
      case 'barrier':
        this.barriers.push(operation);
        return [wireOp(wire.codes.barrier, [immediate(this.barriers.length - 1)])];
      case 'init':
        return [wireOp(wire.codes.init, [])];
      case 'kill-listed':
        return [
          wireOp(wire.codes.killListed, [
            slotArg(this.slotIndex(operation.dir)),
            pointerTo(this.data.string(operation.file)),
          ]),
        ];
    }
  }

  step(step: Step, index: number): void {
    const groups = step.operations.map((operation) => ({ operation, ops: this.operation(operation) }));
    groups.forEach(({ operation, ops }, position) => {
      // Skips count operations of the plan; on the wire some of these have become several.
      const distance = (count: number): number => {
        const skipped = groups.slice(position + 1, position + 1 + count);
        if (skipped.length !== count) throw new EncodeError(`${step.id} skips past its own end`);
        return skipped.reduce((sum, group) => sum + group.ops.length, 0);
      };
      const call = ops.at(-1);
      if (operation.op === 'syscall' && call !== undefined) {
        call.skipSuccess = distance(operation.skipOnSuccess ?? 0);
        call.skipTolerated = distance(operation.skipOnTolerated ?? 0);
      }
      for (const op of ops) {
        const last = position === groups.length - 1 && op === ops.at(-1);
        this.ops.push({ wire: op, step: index, origin: { step, operation }, last });
      }
    });
  }
}

function errno(name: string): number {
  const number = errnoNumber(name);
  if (number === undefined) throw new EncodeError(`${name} is no errno`);
  return number;
}

/** 64 bits of two's complement, the low word first. */
function writeLong(words: Int32Array, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new EncodeError(`${String(value)} is no integer`);
  words[at] = value;
  words[at + 1] = Math.floor(value / 0x1_0000_0000);
}

/** Little-endian two's complement; BigInt would cost more than all the rest of encoding. */
function writeInteger(buffer: Buffer, at: number, width: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new EncodeError(`${String(value)} is no integer`);
  if (width === 2) {
    buffer.writeUInt16LE(value & 0xffff, at);
    return;
  }
  buffer.writeUInt32LE(value >>> 0, at);
  if (width === 8) buffer.writeUInt32LE(Math.floor(value / 0x1_0000_0000) >>> 0, at + 4);
}

/** Where the two sections of data begin. */
interface Sections {
  readonly dataAt: number;
  readonly sharedAt: number;
}

/** What an operation has from its place in the plan. */
interface Place {
  readonly step: number;
  /** Last of its step. */
  readonly last: boolean;
  readonly onlyAfterFailure: boolean;
}

const wordsOf = (bytes: number): number => Math.floor(bytes / 4);

/** Two numbers of 16 bits, as they lie in a word. */
const pair = (low: number, high: number): number => (low & 0xffff) | (high << 16);

/**
 * Write an operation, word by word: field by field it would take longer than everything else of encoding.
 *
 * @param at - the word where it begins
 */
function writeOp(words: Int32Array, at: number, op: WireOp, place: Place, sections: Sections): void {
  const flags =
    (op.expect === undefined ? 0 : wire.opFlags.expect) |
    (place.last ? wire.opFlags.stepEnd : 0) |
    (place.onlyAfterFailure ? wire.opFlags.onlyAfterFailure : 0);
  const { args, tolerate } = op;
  words[at] = op.code | (args.length << 8) | (op.save << 16) | (flags << 24);
  words[at + wordsOf(wire.op.step)] = pair(place.step, op.nr);
  words[at + wordsOf(wire.op.skipSuccess)] = pair(op.skipSuccess, op.skipTolerated);
  for (let i = 0; i < tolerate.length; i += 2) {
    words[at + wordsOf(wire.op.tolerate) + i / 2] = pair(tolerate[i] ?? 0, tolerate[i + 1] ?? 0);
  }
  words[at + wordsOf(wire.op.retryErrno)] = pair(op.retryErrno, op.retryTimes);
  if (op.expect !== undefined) writeLong(words, at + wordsOf(wire.op.expect), op.expect);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === undefined) continue;
    const kindAt = at + wordsOf(wire.op.kind + i);
    words[kindAt] = (words[kindAt] ?? 0) | (arg.kind << (8 * (i & 3)));
    const section = arg.kind !== wire.kinds.data ? 0 : arg.shared ? sections.sharedAt : sections.dataAt;
    writeLong(words, at + wordsOf(wire.op.arg) + 2 * i, section + arg.value);
  }
}

/**
 * Encode ordered steps. The layout is header, operations, data, relocations; then out buffers and report, which stay shared
 * while the launcher works on a copy of all before.
 *
 * Throws {@link EncodeError}.
 */
export function encodePlan(given: readonly Step[], options: EncodeOptions): EncodedPlan {
  const steps = ownOnly(given);
  const sync = needsSync(steps);
  const encoder = new Encoder(options, sync);
  steps.forEach((step, index) => encoder.step(step, index));
  const { ops } = encoder;
  if (ops.length > wire.limits.ops || steps.length > wire.limits.ops) {
    throw new EncodeError('the plan has more operations than the launcher takes');
  }
  const data = encoder.data.bytes();
  // Ascending, as the launcher wants them: it sees at once that none is there twice.
  const relocations = [...encoder.data.relocations].sort((a, b) => a.at - b.at);
  const dataAt = wire.headerSize + ops.length * wire.opSize;
  // Data ends with NUL bytes, so that every string ends whatever happens.
  const relocsAt = dataAt + data.length + 8;
  const sharedAt = align8(relocsAt + relocations.length * 4);
  const sections: Sections = { dataAt, sharedAt };
  const reportAt = sharedAt + encoder.shared.length;
  const size = reportAt + wire.reportSize + steps.length * 8;
  if (size > wire.limits.size) throw new EncodeError('the plan is larger than the launcher takes');

  const bytes = Buffer.alloc(size);
  const parent = ops.findIndex(({ origin }) => origin.step.phase === 'parent' || origin.step.phase === 'undo');
  const undo = ops.findIndex(({ origin }) => origin.step.phase === 'undo');
  const parentAt = parent === -1 ? ops.length : parent;
  const undoAt = undo === -1 ? ops.length : undo;
  const hasInit = ops.some(({ wire: op }) => op.code === wire.codes.init);
  const fields: Record<keyof typeof wire.header, number> = {
    magic: wire.magic,
    version: wire.version,
    size,
    flags:
      (sync ? wire.planFlags.sync : 0) |
      (options.dieWithCaller ? wire.planFlags.dieWithCaller : 0) |
      (options.notify ? wire.planFlags.notify : 0) |
      (hasInit ? wire.planFlags.init : 0),
    ops: wire.headerSize,
    nops: ops.length,
    parent: parentAt,
    undo: undoAt,
    relocs: relocsAt,
    nrelocs: relocations.length,
    nslots: encoder.slots.size,
    nsteps: steps.length,
    report: reportAt,
    caller: options.callerPid,
    data: dataAt,
    shared: sharedAt,
  };
  for (const [name, offset] of Object.entries(wire.header)) {
    bytes.writeUInt32LE(fields[name as keyof typeof wire.header] >>> 0, offset);
  }
  // A buffer of its own, and whole words: both processors that haco knows have the low byte first, as the format has.
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, wordsOf(size));
  ops.forEach(({ wire: op, step, last, origin }, index) => {
    const place = { step, last, onlyAfterFailure: origin.step.onlyAfterFailure === true };
    writeOp(words, wordsOf(wire.headerSize + index * wire.opSize), op, place, sections);
  });
  data.copy(bytes, dataAt);
  relocations.forEach(({ at, shared }, index) => {
    bytes.writeUInt32LE(dataAt + at, relocsAt + index * 4);
    bytes.writeUInt32LE((shared ? sharedAt : dataAt) + bytes.readUInt32LE(dataAt + at), dataAt + at);
  });

  const aloneFlags = flagsAlone(ops, sync);
  return {
    bytes,
    ...(aloneFlags === undefined ? {} : { aloneFlags }),
    unseen: aloneFlags === undefined ? 0 : countUnseen(ops),
    usesChannel: encoder.usesChannel || encoder.barriers.length > 0,
    needsGuard: options.dieWithCaller && undoAt === ops.length && !hasInit,
    origins: ops.map(({ origin }) => origin),
    outs: new Map(
      [...encoder.outs].map(([name, { offset, size: length }]) => [name, { offset: sharedAt + offset, size: length }]),
    ),
    barriers: encoder.barriers,
    reportOffset: reportAt,
    sharedOffset: sharedAt,
    steps,
  };
}

/**
 * Put the steps into the order in which the wire needs them: the container's own phases directly after the clone, then the
 * launcher's parent and undo phases.
 */
export function wireOrder(steps: readonly Step[]): readonly Step[] {
  const late = (step: Step): number => (step.phase === 'parent' ? 1 : step.phase === 'undo' ? 2 : 0);
  return [0, 1, 2].flatMap((group) => steps.filter((step) => late(step) === group));
}

/** The flags of the clone, when nothing but the container's own process is needed; see {@link EncodedPlan.aloneFlags}. */
function flagsAlone(ops: readonly { readonly origin: OperationOrigin }[], sync: boolean): number | undefined {
  const [first] = ops;
  if (sync || first?.origin.operation.op !== 'clone' || first.origin.operation.cgroup !== undefined) return undefined;
  return ops.some(({ origin }) => origin.step.phase === 'undo') ? undefined : first.origin.operation.flags.value;
}

/**
 * Whether the child must wait for the launcher, or its exec can't be seen by the end of a vfork, or its set-up may take long:
 * a launcher in vfork can't look after Node's end.
 */
function needsSync(steps: readonly Step[]): boolean {
  return steps.some(
    (step) =>
      step.phase === 'parent' ||
      step.operations.some(({ op }) => op === 'init' || (op === 'barrier' && processOf(step.phase) === 'container')),
  );
}
