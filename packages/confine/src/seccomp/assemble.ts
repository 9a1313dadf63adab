/** From a graph of instructions to a program. */
import { codes, concat, head, lengthOf, type Program } from './bpf.js';

/** An instruction with its successors in place of distances; equal ones are one and the same. */
export type Node =
  | { readonly op: 'answer'; readonly k: number }
  | { readonly op: 'set'; readonly code: number; readonly k: number; readonly next: number }
  | { readonly op: 'branch'; readonly code: number; readonly k: number; readonly yes: number; readonly no: number };

/**
 * Nodes as a program, written from its end: jumps go forward only.
 *
 * @param tail - what stands at the end, as it is, and the number by which nodes lead to it
 */
export function assemble(
  nodes: readonly Node[],
  start: number,
  tail?: { readonly id: number; readonly program: Program },
): Program {
  const after = tail === undefined ? 0 : lengthOf(tail.program);
  /** From the end: the last word of the last instruction first. */
  const reversed: number[] = [];
  /** How many instructions there are from a node to the end. */
  const places: (number | undefined)[] = [];
  if (tail !== undefined) places[tail.id] = after;
  const length = (): number => after + reversed.length / 2;
  const put = (code: number, k: number, jt = 0, jf = 0): number => after + reversed.push(k, head(code, jt, jf)) / 2;
  const distance = (id: number): number => length() - (places[id] ?? 0);
  const jumpTo = (id: number): void => {
    const k = distance(id);
    const node = nodes[id];
    // An answer is as short as the way to it, and then near.
    if (node?.op === 'answer' && id !== tail?.id) places[id] = put(codes.answer, node.k);
    else put(codes.jump, k);
  };
  const write = (id: number): void => {
    if (places[id] !== undefined) return;
    const node = nodes[id];
    if (node === undefined) return;
    if (node.op === 'answer') put(codes.answer, node.k);
    else if (node.op === 'set') {
      write(node.next);
      if (distance(node.next) > 0) jumpTo(node.next);
      put(node.code, node.k);
    } else {
      write(node.no);
      write(node.yes);
      // Conditional jumps reach 255; what is farther gets a jump nearby, which may put the other one out of reach.
      let [yes, no] = [distance(node.yes), distance(node.no)];
      if (no > 254) {
        jumpTo(node.no);
        no = 0;
        yes = distance(node.yes);
      }
      if (yes > 255) {
        jumpTo(node.yes);
        no = no === 0 && distance(node.no) !== 0 ? 1 : distance(node.no);
        yes = 0;
      }
      put(node.code, node.k, yes, no);
    }
    places[id] = length();
  };
  write(start);
  reversed.reverse();
  return tail === undefined ? Uint32Array.from(reversed) : concat([reversed, tail.program]);
}
