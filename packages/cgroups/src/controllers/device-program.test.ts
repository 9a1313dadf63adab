/** The program about devices decides as its rules say, and the kernel's verifier finds nothing in it that can't be reached. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviceProgram, instructionSize } from './device-program.js';
import { exactOnV1, parseRule, parseRules, ruleText, rulesText, type ParsedRule } from './device-rules.js';

interface Request {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly access: number;
}

/** What the rules mean, bit by bit: the last one that covers the device and the access decides, and nothing said is allowed. */
function allowed(rules: readonly ParsedRule[], { type, major, minor, access }: Request): boolean {
  return [1, 2, 4]
    .filter((bit) => (access & bit) !== 0)
    .every((bit) => {
      const last = rules.findLast(
        (rule) =>
          (rule.type === 'a' || rule.type === type) &&
          (rule.major ?? major) === major &&
          (rule.minor ?? minor) === minor &&
          (rule.access & bit) !== 0,
      );
      return last?.allow ?? true;
    });
}

/** Perform a program as the kernel would; also says which instructions were reached. */
function perform(program: Uint8Array, { type, major, minor, access }: Request, reached: Set<number>): boolean {
  const view = new DataView(program.buffer);
  const context = new DataView(new ArrayBuffer(12));
  context.setUint32(0, access * 0x1_0000 + (type === 'b' ? 1 : 2), true);
  context.setUint32(4, major, true);
  context.setUint32(8, minor, true);
  const registers = new Array<number>(11).fill(0);
  const get = (index: number): number => registers[index] ?? 0;
  for (let pc = 0; pc * instructionSize < program.length; pc += 1) {
    reached.add(pc);
    const at = pc * instructionSize;
    const [to, from] = [view.getUint8(at + 1) & 15, view.getUint8(at + 1) >> 4];
    const [offset, constant] = [view.getInt16(at + 2, true), view.getInt32(at + 4, true)];
    switch (view.getUint8(at)) {
      case 0x61:
        registers[to] = context.getUint32(offset, true);
        break;
      case 0xb7:
        registers[to] = constant;
        break;
      case 0xbf:
        registers[to] = get(from);
        break;
      case 0x77:
        registers[to] = get(to) >>> constant;
        break;
      case 0x57:
        registers[to] = get(to) & constant;
        break;
      case 0x05:
        pc += offset;
        break;
      case 0x15:
        if (get(to) === constant) pc += offset;
        break;
      case 0x55:
        if (get(to) !== constant) pc += offset;
        break;
      case 0x45:
        if ((get(to) & constant) !== 0) pc += offset;
        break;
      case 0x95:
        return get(0) === 1;
      default:
        throw new Error(`unknown instruction ${String(view.getUint8(at))}`);
    }
  }
  throw new Error('ran off the end');
}

const part = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const rule: fc.Arbitrary<ParsedRule> = fc.record({
  allow: fc.boolean(),
  type: fc.constantFrom('a' as const, 'b' as const, 'c' as const),
  major: part,
  minor: part,
  access: fc.integer({ min: 1, max: 7 }),
});
const rules = fc.array(rule, { maxLength: 8 });
const request: fc.Arbitrary<Request> = fc.record({
  type: fc.constantFrom('b' as const, 'c' as const),
  major: fc.integer({ min: 0, max: 3 }),
  minor: fc.integer({ min: 0, max: 3 }),
  access: fc.integer({ min: 1, max: 7 }),
});

function requests(): readonly Request[] {
  const small = [0, 1, 2, 3, 4];
  return (['b', 'c'] as const).flatMap((type) =>
    small.flatMap((major) =>
      small.flatMap((minor) => [1, 2, 3, 4, 5, 6, 7].map((access) => ({ type, major, minor, access }))),
    ),
  );
}

describe('the program', () => {
  test('decides as the rules say', () => {
    fc.assert(
      fc.property(rules, request, (given, asked) => {
        expect(perform(deviceProgram(given), asked, new Set())).toBe(allowed(given, asked));
      }),
      { numRuns: 2000 },
    );
  });

  test('jumps forwards, never out of itself, and always answers', () => {
    fc.assert(
      fc.property(rules, (given) => {
        const program = deviceProgram(given);
        const view = new DataView(program.buffer);
        const length = program.length / instructionSize;
        for (let pc = 0; pc < length; pc += 1) {
          const code = view.getUint8(pc * instructionSize);
          if (![0x05, 0x15, 0x55, 0x45].includes(code)) continue;
          const offset = view.getInt16(pc * instructionSize + 2, true);
          expect(offset).toBeGreaterThan(0);
          expect(pc + 1 + offset).toBeLessThan(length);
        }
        expect(view.getUint8((length - 1) * instructionSize)).toBe(0x95);
      }),
    );
  });

  test('has nothing behind a rule for everything, which the verifier would refuse', () => {
    const everything = { type: 'a', major: undefined, minor: undefined, access: 7 } as const;
    const one = { allow: true, type: 'c', major: 1, minor: 3, access: 6 } as const;
    const program = deviceProgram([one, { ...everything, allow: false }, one]);
    const reached = new Set<number>();
    for (const asked of requests()) perform(program, asked, reached);
    expect(reached.size).toBe(program.length / instructionSize);
  });

  test('is these bytes for "only /dev/null"', () => {
    const text = 'deny a *:* rwm, allow c 1:3 rw';
    expect(
      Buffer.from(deviceProgram(parseRules(text)))
        .toString('hex')
        .match(/.{16}/g),
    ).toMatchInlineSnapshot(`
      [
        "6112000000000000",
        "bf23000000000000",
        "7703000010000000",
        "57020000ffff0000",
        "6114040000000000",
        "6115080000000000",
        "5502060002000000",
        "5504050001000000",
        "5505040003000000",
        "5703000001000000",
        "5503020000000000",
        "b700000001000000",
        "9500000000000000",
        "b700000000000000",
        "9500000000000000",
      ]
    `);
  });
});

/** What v1 makes of writes, as devcgroup_update_access() in security/device_cgroup.c does. */
function v1Allows(writes: readonly ParsedRule[], asked: Request): boolean {
  let allowsByDefault = true;
  let exceptions: ParsedRule[] = [];
  const same = (a: ParsedRule, b: ParsedRule): boolean =>
    a.type === b.type && a.major === b.major && a.minor === b.minor;
  for (const write of writes) {
    if (write.type === 'a') {
      allowsByDefault = write.allow;
      exceptions = [];
    } else if (write.allow !== allowsByDefault) {
      const old = exceptions.find((one) => same(one, write));
      if (old === undefined) exceptions.push(write);
      else exceptions = exceptions.map((one) => (one === old ? { ...one, access: one.access | write.access } : one));
    } else {
      exceptions = exceptions
        .map((one) => (same(one, write) ? { ...one, access: one.access & ~write.access } : one))
        .filter(({ access }) => access !== 0);
    }
  }
  const covers = (one: ParsedRule): boolean =>
    one.type === asked.type && (one.major ?? asked.major) === asked.major && (one.minor ?? asked.minor) === asked.minor;
  // match_exception() wants all of the request from one exception, match_exception_partial() any of it.
  return allowsByDefault
    ? !exceptions.some((one) => covers(one) && (one.access & asked.access) !== 0)
    : exceptions.some((one) => covers(one) && (asked.access & ~one.access) === 0);
}

describe('the rules on v1', () => {
  test('mean there what they mean on v2, or are refused', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), request, (given, asked) => {
        const writes = exactOnV1(given);
        if (writes === undefined) return;
        taken += 1;
        // The kernel wants all of a request from one exception: each access for itself is what the rules are about.
        const bit = asked.access & -asked.access;
        expect(v1Allows(writes, { ...asked, access: bit })).toBe(allowed(given, { ...asked, access: bit }));
        if (v1Allows(writes, asked)) expect(allowed(given, asked)).toBe(true);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  test('an exception from an exception is refused', () => {
    expect(exactOnV1(parseRules('deny a *:* rwm, allow c 1:* rwm, deny c 1:3 rwm'))).toBeUndefined();
    expect(exactOnV1(parseRules('deny c 1:* w, allow c 1:3 w'))).toBeUndefined();
    expect(exactOnV1(parseRules('deny a *:* rwm, allow c 1:3 rwm, deny c 1:3 w'))).toHaveLength(3);
  });

  test('a part of everything is said of block and character devices apart', () => {
    expect(exactOnV1(parseRules('deny a *:* m'))?.map(ruleText)).toEqual(['b *:* m', 'c *:* m']);
    expect(exactOnV1(parseRules('deny a *:* rwm'))?.map(ruleText)).toEqual(['a *:* rwm']);
  });
});

describe('rules as text', () => {
  test('survive the way there and back', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), (given) => {
        expect(parseRules(rulesText(given))).toEqual(given);
      }),
    );
  });

  test.each(['', 'c', 'x 1:3 r', 'c 1:3', 'c 1:3 q', 'c 1:3 rwmr', 'c 1', 'c -1:3 r', 'abc'])(
    '%j is no rule',
    (text) => {
      expect(parseRule(true, text)).toBeUndefined();
    },
  );

  test('to v1 a is everything, whatever follows', () => {
    expect(parseRule(false, 'a 1:3 r')).toEqual({
      allow: false,
      type: 'a',
      major: undefined,
      minor: undefined,
      access: 7,
    });
  });
});
