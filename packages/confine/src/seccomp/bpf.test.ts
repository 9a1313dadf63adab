/** Programs of filters: put together, and followed as the kernel does. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  answers,
  askAbout,
  chain,
  codes,
  concat,
  decode,
  follow,
  fromBytes,
  joinArchitectures,
  x32Bit,
} from './bpf.js';
import { encode } from './bpf-fixture.js';
import { lookUp } from './look-up.js';

const x64 = 0xc000_003e;
const i386 = 0x4000_0003;
const at = (number: number, arch = x64) => ({ number, arch, args: [] });
const answer = (k: number) => [codes.answer, k];
const program = (...parts: readonly ArrayLike<number>[]) => concat(parts);
const allowAll = program(answer(answers.allow));
const long = encode(Array.from({ length: 300 }, () => ({ code: codes.and, k: 0xffff_ffff, jt: 0, jf: 0 })));

describe('joinArchitectures', () => {
  test('each architecture has its program, whatever its length; all others end the process', () => {
    const joined = joinArchitectures([
      { arch: x64, program: program(long, allowAll) },
      { arch: i386, program: program(long, answer(answers.errno + 1)) },
    ]);
    expect(follow(joined, at(0))).toBe(answers.allow);
    expect(follow(joined, at(0, i386))).toBe(answers.errno + 1);
    expect(follow(joined, at(0, 0xc000_00b7))).toBe(answers.killProcess);
  });

  test('x32 is told from x86-64 by a bit of the number', () => {
    const joined = joinArchitectures([
      { arch: x64, x32: false, program: program(long, allowAll) },
      { arch: x64, x32: true, program: program(answer(answers.errno + 2)) },
    ]);
    expect(follow(joined, at(1))).toBe(answers.allow);
    expect(follow(joined, at(1 + x32Bit))).toBe(answers.errno + 2);
  });

  test('numbers beyond the last are answered with ENOSYS, but not those of x32', () => {
    const joined = joinArchitectures([{ arch: x64, last: 450, program: allowAll }]);
    expect(follow(joined, at(450))).toBe(answers.allow);
    expect(follow(joined, at(451))).toBe(answers.errno + 38);
    expect(follow(joined, at(451 + x32Bit))).toBe(answers.allow);
    const x32 = joinArchitectures([{ arch: x64, x32: true, last: 450 + x32Bit, program: allowAll }]);
    expect(follow(x32, at(450 + x32Bit))).toBe(answers.allow);
    expect(follow(x32, at(451 + x32Bit))).toBe(answers.errno + 38);
  });
});

describe('lookUp', () => {
  const rest = program(answer(answers.errno + 99));

  test('finds every number that it was given, and leaves all others to the rest', () => {
    const number = fc.integer({ min: 0, max: 700 });
    const action = fc.constantFrom(answers.allow, answers.errno + 1, answers.errno + 38);
    fc.assert(
      fc.property(fc.array(fc.tuple(number, action)), fc.array(number), (decided, others) => {
        const table = new Map(decided);
        const found = lookUp(table, rest);
        for (const each of [...table.keys(), ...others, 0xffff_ffff, x32Bit + 3]) {
          expect(follow(found, at(each))).toBe(table.get(each) ?? answers.errno + 99);
        }
      }),
    );
  });

  test('of hundreds of scattered numbers too, which are further apart than a conditional jump reaches', () => {
    const table = new Map(Array.from({ length: 400 }, (_, index) => [index * 2, answers.allow]));
    const found = lookUp(table, rest);
    for (let number = 0; number < 900; number++) {
      expect(follow(found, at(number))).toBe(table.get(number) ?? answers.errno + 99);
    }
  });
});

test('in a chain the second decides about what the first lets happen', () => {
  const first = askAbout({ arch: x64, hasX32: true, numbers: [7, 9] });
  const both = chain([first, program(long, answer(answers.errno + 13))]);
  expect(follow(both, at(9))).toBe(answers.notify);
  expect(follow(both, at(8))).toBe(answers.errno + 13);
  expect(follow(both, at(8, i386))).toBe(answers.killProcess);
});

test('what asks leaves no way around: other architectures end the process', () => {
  const all = askAbout({ arch: x64, hasX32: true, numbers: 'all' });
  expect(follow(all, at(1))).toBe(answers.notify);
  expect(follow(all, at(1 + x32Bit))).toBe(answers.killProcess);
  expect(follow(all, at(1, i386))).toBe(answers.killProcess);
});

test('encoding keeps every instruction', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const one = fc.record({
    code: fc.integer({ min: 0, max: 0xffff }),
    jt: byte,
    jf: byte,
    k: fc.integer({ min: 0, max: 0xffff_ffff }),
  });
  fc.assert(
    fc.property(fc.array(one), (program) => {
      expect(decode(encode(program))).toEqual(program);
      const { buffer } = encode(program);
      expect(decode(fromBytes(new Uint8Array(buffer)))).toEqual(program);
    }),
  );
});

test('following never ends in a loop or beyond the program', () => {
  const one = fc.record({
    code: fc.constantFrom(0x20, 0x54, 0x05, 0x15, 0x25, 0x35, 0x45, 0x06, 0x99),
    jt: fc.nat(3),
    jf: fc.nat(3),
    k: fc.nat(70),
  });
  fc.assert(fc.property(fc.array(one), (program) => void follow(encode(program), at(3))));
});
