/** Choices that look like chance and are the same in every run: a failure can be looked at again. */

/** A source of choices. */
export interface Random {
  /** A whole number from 0 up to, not including, the bound. */
  readonly below: (bound: number) => number;
  readonly one: <T>(list: readonly [T, ...T[]]) => T;
  /** Some of them, in their order. */
  readonly some: <T>(list: readonly T[]) => readonly T[];
  readonly maybe: () => boolean;
}

/** Mulberry32: 32 bits of state, good enough to choose. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    one: (list) => list[below(list.length)] ?? list[0],
    some: (list) => list.filter(() => next() < 0.5),
    maybe: () => next() < 0.5,
  };
}
