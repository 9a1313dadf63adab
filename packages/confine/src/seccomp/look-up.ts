/** System calls about which nothing but their number decides are found by halving. */
import { assemble, type Node } from './assemble.js';
import { codes, type Program } from './bpf.js';

/** Numbers without gaps, and what becomes of them; `rest`: what the rest of the program decides. */
interface Range {
  readonly from: number;
  readonly action: number | 'rest';
}

function rangesOf(decided: ReadonlyMap<number, number>): readonly Range[] {
  const ranges: Range[] = [];
  const begin = (from: number, action: Range['action']): void => {
    if (ranges.at(-1)?.action !== action) ranges.push({ from, action });
  };
  begin(0, 'rest');
  let next = 0;
  // Sorted by the engine itself: a comparison in JavaScript would take as long as all the rest of a first compilation.
  for (const number of Uint32Array.from(decided.keys()).sort()) {
    const action = decided.get(number) ?? 'rest';
    if (number > next) begin(next, 'rest');
    // The very first number leaves no range before it.
    if (number === 0) ranges.pop();
    begin(number, action);
    next = number + 1;
  }
  begin(next, 'rest');
  return ranges;
}

/** Number of the node that stands for the rest of the program. */
const rest = 0;

/**
 * Numbers about which nothing but the number decides are looked up; all others are left to the rest of the program. A dozen
 * comparisons find any, and each of them is one instruction: the few ends are shared.
 */
export function lookUp(decided: ReadonlyMap<number, number>, program: Program): Program {
  if (decided.size === 0) return program;
  const nodes: Node[] = [{ op: 'answer', k: 0 }];
  const ends = new Map<Range['action'], number>([['rest', rest]]);
  const endOf = (action: Range['action']): number => {
    let end = ends.get(action);
    if (end === undefined) ends.set(action, (end = nodes.push({ op: 'answer', k: Number(action) }) - 1));
    return end;
  };
  /** Half of the ranges, and the other half. */
  const search = (ranges: readonly Range[]): number => {
    const [only] = ranges;
    if (only === undefined || ranges.length === 1) return endOf(only?.action ?? 'rest');
    const middle = ranges.length >> 1;
    const no = search(ranges.slice(0, middle));
    const yes = search(ranges.slice(middle));
    return nodes.push({ op: 'branch', code: codes.notLess, k: ranges[middle]?.from ?? 0, yes, no }) - 1;
  };
  const found = search(rangesOf(decided));
  const start = nodes.push({ op: 'set', code: codes.load, k: 0, next: found }) - 1;
  return assemble(nodes, start, { id: rest, program });
}
