/** Makes a filter shorter without changing what it answers: a start pays for each instruction, when the kernel checks and compiles it. */
import { codes, decode, type Instruction, type Program } from './bpf.js';
import { assemble, type Node } from './assemble.js';

/** Numbers that a field may still have at a place of the program. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

/** What the first two words may be, number and architecture. What arguments are is not followed. */
interface Words {
  readonly id: number;
  readonly intervals: readonly [Interval, Interval];
}

const any: Interval = { from: 0, to: 0xffff_ffff };

/** A field of `struct seccomp_data`, or the bits of it that a mask leaves. */
interface Value {
  readonly id: number;
  readonly at: number;
  readonly mask: number;
}

/** What is known at a place: what the program means by its accumulator, what really is in it, and what the fields may be. */
interface Known {
  readonly value: Value | undefined;
  readonly held: Value | undefined;
  readonly words: Words;
}

const full = 0xffff_ffff;

/** More than this isn't worth the time: programs of several profiles with hundreds of comparisons. */
const maxStates = 20_000;
/** Bounds of what is counted, so that a state has one number. */
const maxValues = 256;

const isBit = (mask: number): boolean => mask !== 0 && (mask & (mask - 1)) === 0;

function holds(code: number, value: number, k: number): boolean {
  if (code === codes.equal) return value === k;
  if (code === codes.greater) return value > k;
  return code === codes.notLess ? value >= k : (value & k) !== 0;
}

function within(from: number, to: number): Interval | undefined {
  return from > to ? undefined : { from, to };
}

/** What is left of the interval where the comparison holds, and where it doesn't; undefined: never. */
function split(whole: Interval, code: number, k: number): readonly (Interval | undefined)[] {
  const { from, to } = whole;
  if (from === to) return holds(code, from, k) ? [whole, undefined] : [undefined, whole];
  switch (code) {
    case codes.equal:
      if (k < from || k > to) return [undefined, whole];
      if (k > from && k < to) return [{ from: k, to: k }, whole];
      return [{ from: k, to: k }, within(k === from ? k + 1 : from, k === to ? k - 1 : to)];
    case codes.greater:
      return [within(Math.max(from, k + 1), to), within(from, Math.min(to, k))];
    case codes.notLess:
      return [within(Math.max(from, k), to), within(from, Math.min(to, k - 1))];
    default:
      // One bit, and none above it: the same as a comparison.
      if (isBit(k) && to < k * 2) return [within(Math.max(from, k), to), within(from, Math.min(to, k - 1))];
      return [whole, whole];
  }
}

function keyOf(node: Node): string {
  if (node.op === 'answer') return `${node.k}`;
  return node.op === 'set' ? `${node.code} ${node.k} ${node.next}` : `${node.code} ${node.k} ${node.yes} ${node.no}`;
}

/** Follows all ways through a program at once. */
class Shortener {
  readonly nodes: Node[] = [];
  private readonly ids = new Map<string, number>();
  /** By place. */
  private readonly states: Map<number, number>[] = [];
  private count = 0;
  private readonly values = new Map<number, Value>();
  private readonly known = new Map<string, Words>();

  constructor(private readonly program: readonly Instruction[]) {}

  /** The node of the whole program; see {@link from}. */
  start(): number | undefined {
    return this.from(0, { value: undefined, held: undefined, words: this.words(any, any) });
  }

  /** The same object for the same content, whose number stands for it. */
  private value(at: number, mask: number): Value {
    const key = at * 2 ** 32 + mask;
    let value = this.values.get(key);
    if (value === undefined) this.values.set(key, (value = { id: this.values.size + 1, at, mask }));
    return value;
  }

  private words(number: Interval, arch: Interval): Words {
    const key = `${number.from} ${number.to} ${arch.from} ${arch.to}`;
    let words = this.known.get(key);
    if (words === undefined) this.known.set(key, (words = { id: this.known.size, intervals: [number, arch] }));
    return words;
  }

  private add(node: Node): number {
    const key = keyOf(node);
    let id = this.ids.get(key);
    if (id === undefined) this.ids.set(key, (id = this.nodes.push(node) - 1));
    return id;
  }

  private set(code: number, k: number, next: number): number {
    const after = this.nodes[next];
    // Nobody looks at what is put there.
    if (after?.op === 'answer' || (after?.op === 'set' && after.code === codes.load)) return next;
    return this.add({ op: 'set', code, k, next });
  }

  private branch(code: number, k: number, yes: number, no: number): number {
    if (yes === no) return yes;
    const after = this.nodes[no];
    // Bits that lead to the same place are tested together.
    if (code === codes.bits && after?.op === 'branch' && after.code === code && after.yes === yes) {
      return this.branch(code, (k | after.k) >>> 0, yes, after.no);
    }
    return this.add({ op: 'branch', code, k, yes, no });
  }

  private narrowed(words: Words, word: number, to: Interval): Words {
    const [number, arch] = words.intervals;
    if (word === 0) return to === number ? words : this.words(to, arch);
    return word === 1 && to !== arch ? this.words(number, to) : words;
  }

  /** The node for what happens from a place on; undefined when the program does what isn't known here. */
  private from(pc: number, known: Known): number | undefined {
    const { value, held, words } = known;
    const key = (value?.id ?? 0) + maxValues * ((held?.id ?? 0) + maxValues * words.id);
    const states = (this.states[pc] ??= new Map<number, number>());
    const seen = states.get(key);
    if (seen !== undefined) return seen;
    const one = this.program[pc];
    if (one === undefined || ++this.count > maxStates || this.values.size >= maxValues) return undefined;
    const id = this.perform(pc, one, known);
    if (id !== undefined) states.set(key, id);
    return id;
  }

  private perform(pc: number, one: Instruction, known: Known): number | undefined {
    const { code, k, jt, jf } = one;
    const { value } = known;
    switch (code) {
      case codes.answer:
        return this.add({ op: 'answer', k });
      case codes.jump:
        return this.from(pc + 1 + k, known);
      case codes.load:
        return this.from(pc + 1, { value: this.value(k, full), held: known.held, words: known.words });
      case codes.and:
        if (value === undefined) return undefined;
        return this.from(pc + 1, {
          value: this.value(value.at, (value.mask & k) >>> 0),
          held: known.held,
          words: known.words,
        });
      case codes.equal:
      case codes.greater:
      case codes.notLess:
      case codes.bits:
        return value === undefined ? undefined : this.compare(value, one, pc + 1 + jt, pc + 1 + jf, known);
      default:
        return undefined;
    }
  }

  private compare(value: Value, { code, k }: Instruction, yes: number, no: number, known: Known): number | undefined {
    const { at, mask } = value;
    if (mask === 0) return this.from(holds(code, 0, k) ? yes : no, known);
    const asked = mask === full ? at / 4 : -1;
    const interval = known.words.intervals[asked];
    const [where, elsewhere] = interval === undefined ? [any, any] : split(interval, code, k);
    if (where === undefined)
      return elsewhere && this.from(no, { ...known, words: this.narrowed(known.words, asked, elsewhere) });
    if (elsewhere === undefined) return this.from(yes, { ...known, words: this.narrowed(known.words, asked, where) });
    // "These bits are 0" and "this bit is 1" need no mask.
    const zero = mask !== full && code === codes.equal && k === 0;
    const set = mask !== full && code === codes.equal && k === mask && isBit(mask);
    const needed = zero || set ? this.value(at, full) : value;
    const then = { value, held: needed };
    const ifYes = this.from(yes, { ...then, words: this.narrowed(known.words, asked, where) });
    const ifNo = this.from(no, { ...then, words: this.narrowed(known.words, asked, elsewhere) });
    if (ifYes === undefined || ifNo === undefined) return undefined;
    const test = zero
      ? this.branch(codes.bits, mask, ifNo, ifYes)
      : this.branch(set ? codes.bits : code, k, ifYes, ifNo);
    return this.get(needed, known.held, test);
  }

  /** Put a value into the accumulator, unless it is there. */
  private get(needed: Value, held: Value | undefined, next: number): number {
    if (held === needed) return next;
    const masked = needed.mask === full ? next : this.set(codes.and, needed.mask, next);
    return held?.at === needed.at && held.mask === full ? masked : this.set(codes.load, needed.at, masked);
  }
}

/**
 * The same answers by fewer instructions: what is known about the number and the architecture isn't asked again, equal ends are
 * shared, bits are tested without masks. A program that can't be followed stays as it is.
 */
export function shorten(program: Program): Program {
  const shortener = new Shortener(decode(program));
  const start = shortener.start();
  if (start === undefined) return program;
  const shorter = assemble(shortener.nodes, start);
  return shorter.length < program.length ? shorter : program;
}
