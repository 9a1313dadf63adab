/** Shorter programs answer as the long ones did. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answers, codes, decode, follow, type Instruction, type Program } from './bpf.js';
import { encode } from './bpf-fixture.js';
import { shorten } from './shorten.js';

const plain = (code: number, k: number): Instruction => ({ code, k, jt: 0, jf: 0 });
const answer = (k: number): Instruction => plain(codes.answer, k);
const fields = [0, 4, 16, 20];
const interesting = [0, 1, 2, 3, 7, 8, 0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const constant = fc.constantFrom(...interesting);

/** Any program of `length` instructions that loads first, and whose jumps stay inside. */
const program = fc.integer({ min: 1, max: 40 }).chain((length) => {
  const one = (index: number): fc.Arbitrary<Instruction> => {
    const left = length - index - 1;
    const far = fc.integer({ min: 0, max: Math.max(0, left) });
    return fc.oneof(
      fc.constantFrom(...fields).map((k) => plain(codes.load, k)),
      constant.map((k) => plain(codes.and, k)),
      far.map((k) => plain(codes.jump, k)),
      fc
        .tuple(fc.constantFrom(codes.equal, codes.greater, codes.notLess, codes.bits), constant, far, far)
        .map(([code, k, jt, jf]) => ({ code, k, jt, jf })),
      fc.constantFrom(answers.allow, answers.killProcess, answers.errno + 1).map(answer),
    );
  };
  return fc
    .tuple(...Array.from({ length }, (_, index) => one(index)))
    .map((body) => encode([plain(codes.load, 0), ...body, answer(answers.errno + 2)]));
});

function same(long: Program, numbers: readonly number[]): void {
  const short = shorten(long);
  expect(short.length).toBeLessThanOrEqual(long.length);
  for (const number of numbers) {
    for (const arch of numbers.slice(0, 6)) {
      for (const arg of [0n, 1n, 3n, 0x4000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 64n - 1n]) {
        const data = { number, arch, args: [arg] };
        const [before, after] = [follow(long, data), follow(short, data)];
        if (before !== after) expect({ data, answer: after }).toEqual({ data, answer: before });
      }
    }
  }
}

describe('shorten', () => {
  test('changes no answer of any program', () => {
    fc.assert(
      fc.property(program, (long) => same(long, interesting)),
      { numRuns: 1000 },
    );
  });

  test('also where ends are further apart than a conditional jump reaches', () => {
    const long = Array.from({ length: 700 }, (_, index): Instruction[] => [
      plain(codes.load, index % 2 === 0 ? 16 : 20),
      plain(codes.and, 0xffff),
      { code: codes.greater, k: 5 * index + 3, jt: 0, jf: 1 },
      plain(codes.jump, 0),
      answer(answers.errno + (index % 300)),
    ]).flat();
    const whole = encode([...long, answer(answers.allow)]);
    const short = shorten(whole);
    expect(short).not.toBe(whole);
    for (let arg = 0n; arg < 3600n; arg += 3n) {
      for (const args of [[arg], [arg << 32n], [(arg << 32n) | 1n]]) {
        const data = { number: 1, arch: 1, args };
        expect(follow(short, data)).toBe(follow(whole, data));
      }
    }
  });

  test('asks nothing twice, and tests bits without masks', () => {
    const bit = (k: number, jt: number): Instruction[] => [
      plain(codes.load, 16),
      plain(codes.and, k),
      { code: codes.equal, k, jt, jf: 0 },
    ];
    const long = encode([
      plain(codes.load, 4),
      { code: codes.equal, k: 7, jt: 0, jf: 12 },
      plain(codes.load, 20),
      plain(codes.and, 0),
      { code: codes.equal, k: 0, jt: 0, jf: 8 },
      ...bit(2, 6),
      ...bit(4, 3),
      plain(codes.load, 4),
      { code: codes.equal, k: 7, jt: 0, jf: 0 },
      answer(answers.allow),
      answer(answers.errno + 1),
    ]);
    expect(decode(shorten(long))).toEqual([
      plain(codes.load, 4),
      { code: codes.equal, k: 7, jt: 0, jf: 3 },
      plain(codes.load, 16),
      { code: codes.bits, k: 6, jt: 1, jf: 0 },
      answer(answers.allow),
      answer(answers.errno + 1),
    ]);
  });

  test('leaves a program alone that does what it does not know', () => {
    const odd = encode([plain(codes.load, 0), plain(0x07, 0), answer(answers.allow)]);
    expect(shorten(odd)).toBe(odd);
  });
});
