/** Several profiles, of which a call must pass all, as one: for runtimes that give a container one filter. */
import { plain } from '@haco/plan';
import type { SeccompArg, SeccompProfile, SeccompRule } from './profile.js';

/** A comparison as bits: the argument and `mask` is `value`. */
interface Bits {
  readonly index: number;
  readonly mask: bigint;
  readonly value: bigint;
}

const allBits = 0xffff_ffff_ffff_ffffn;

function bitsOf({ index, op, value, valueTwo = 0 }: SeccompArg): Bits | undefined {
  if (op === 'SCMP_CMP_EQ') return { index, mask: allBits, value: BigInt(value) };
  return op === 'SCMP_CMP_MASKED_EQ' ? { index, mask: BigInt(value), value: BigInt(valueTwo) } : undefined;
}

/** Whether no argument meets both comparisons, as far as that is easily seen. */
function excludeEachOther(one: SeccompArg, other: SeccompArg): boolean {
  if (one.index !== other.index) return false;
  const [a, b] = [bitsOf(one), bitsOf(other)];
  if (a !== undefined && b !== undefined) return (a.mask & b.mask & (a.value ^ b.value)) !== 0n;
  return one.op === 'SCMP_CMP_EQ' && other.op === 'SCMP_CMP_GT' && one.value <= other.value;
}

/**
 * Comparisons of which one holds for every argument that is none of `values` under `mask`, and none for any other. They say which
 * bits a value begins with, from the highest on, until it is another.
 */
function othersThan(mask: bigint, values: readonly bigint[]): readonly Omit<Bits, 'index'>[] {
  const bits = Array.from({ length: 64 }, (_, place) => 1n << BigInt(63 - place)).filter((bit) => (mask & bit) !== 0n);
  const visit = (
    known: Omit<Bits, 'index'>,
    depth: number,
    left: readonly bigint[],
  ): readonly Omit<Bits, 'index'>[] => {
    if (left.length === 0) return [known];
    const bit = bits[depth];
    if (bit === undefined) return [];
    return [0n, bit].flatMap((side) =>
      visit(
        { mask: known.mask | bit, value: known.value | side },
        depth + 1,
        left.filter((value) => (value & bit) === side),
      ),
    );
  };
  return visit({ mask: 0n, value: 0n }, 0, values);
}

/** A rule for all arguments but those that are refused before it; undefined when that can't be said. */
function allowedBeside(
  name: string,
  rule: SeccompRule,
  refusals: readonly SeccompArg[],
): readonly SeccompRule[] | undefined {
  const [first] = refusals.map(bitsOf);
  const same = refusals.every((each) => {
    const bits = bitsOf(each);
    return bits !== undefined && bits.index === first?.index && bits.mask === first.mask;
  });
  if (first === undefined || !same || rule.action !== 'SCMP_ACT_ALLOW') return undefined;
  const values = refusals.map((each) => bitsOf(each)?.value ?? 0n);
  return othersThan(first.mask, values).map(({ mask, value }) => ({
    ...rule,
    names: [name],
    args: [{ index: first.index, value: Number(mask), valueTwo: Number(value), op: 'SCMP_CMP_MASKED_EQ' }],
  }));
}

/** The rules of the second profile without what the first refuses; undefined when that can't be said. */
function rulesBeside(
  rules: readonly SeccompRule[],
  refusals: ReadonlyMap<string, readonly SeccompArg[]>,
): readonly SeccompRule[] | undefined {
  const result: SeccompRule[] = [];
  for (const rule of rules) {
    const untouched = rule.names.filter((name) => !refusals.has(name));
    if (untouched.length > 0) result.push({ ...rule, names: untouched });
    for (const name of rule.names.filter((each) => refusals.has(each))) {
      const refused = refusals.get(name) ?? [];
      const { args = [] } = rule;
      const beside = args.some((arg) => refused.every((each) => excludeEachOther(arg, each)))
        ? [{ ...rule, names: [name] }]
        : args.length === 0
          ? allowedBeside(name, rule, refused)
          : undefined;
      if (beside === undefined) return undefined;
      result.push(...beside);
    }
  }
  return result;
}

function combineTwo(first: SeccompProfile, second: SeccompProfile): SeccompProfile | undefined {
  const { defaultAction, syscalls = [], ...rest } = first;
  if (defaultAction !== 'SCMP_ACT_ALLOW' || Object.keys(rest).length > 0) return undefined;
  const refusals = new Map<string, readonly SeccompArg[]>();
  for (const { action, args = [], names } of syscalls) {
    const [arg] = args;
    if (action !== 'SCMP_ACT_ERRNO' || arg === undefined || args.length !== 1) return undefined;
    for (const name of names) refusals.set(name, [...(refusals.get(name) ?? []), arg]);
  }
  const beside = rulesBeside(second.syscalls ?? [], refusals);
  return beside === undefined ? undefined : { ...second, syscalls: [...syscalls, ...beside] };
}

/**
 * One profile that answers every call as the given ones do, one after the other; undefined where that can't be said, which is in all but
 * simple cases: the earlier ones allow everything except for some values of one argument, and the last one allows these calls altogether or for
 * other values. The preset `default` is such a case.
 *
 * @param profiles - without conditions, as `decideProfile()` gives them
 */
export function combineProfiles(profiles: readonly SeccompProfile[]): SeccompProfile | undefined {
  const [last, ...earlier] = plain(profiles).toReversed();
  return earlier.reduce<SeccompProfile | undefined>(
    (combined, profile) => (combined === undefined ? undefined : combineTwo(profile, combined)),
    last,
  );
}
