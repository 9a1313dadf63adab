/** Programs of the tests, from instructions by their fields. */
import type { decode } from './bpf.js';

export const encode = (instructions: ReturnType<typeof decode>): Uint32Array<ArrayBuffer> =>
  Uint32Array.from(instructions.flatMap(({ code, jt, jf, k }) => [code | (jt << 16) | (jf << 24), k]));
