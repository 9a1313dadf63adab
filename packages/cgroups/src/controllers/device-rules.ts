/** Rules about devices as text, and what v1 can say of them exactly. */

/** Bits of access, as the kernel counts them: make a node, read, write. */
export const accessBits = { m: 1, r: 2, w: 4 } as const;

/** Every access. */
const everything = 7;

/** One rule. The last rule that covers a device and an access decides about it. */
export interface ParsedRule {
  readonly allow: boolean;
  readonly type: 'a' | 'b' | 'c';
  /** Undefined: all. */
  readonly major: number | undefined;
  readonly minor: number | undefined;
  /** Sum of {@link accessBits}. */
  readonly access: number;
}

const pattern = /^([bc]) +(\d+|\*):(\d+|\*) +([rwm]{1,3})$/;

/** A rule in the words of v1's `devices.allow`: `c 1:3 rwm`, `b *:* m`, or `a` for everything; undefined when it isn't one. */
export function parseRule(allow: boolean, text: string): ParsedRule | undefined {
  // v1 reads no further than the `a`.
  if (/^a( |$)/.test(text)) return { allow, type: 'a', major: undefined, minor: undefined, access: everything };
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, type, major, minor, access = ''] = match;
  const part = (word: string | undefined): number | undefined => (word === '*' ? undefined : Number(word));
  const bits = [...access].reduce((sum, letter) => sum | accessBits[letter as keyof typeof accessBits], 0);
  return { allow, type: type as 'b' | 'c', major: part(major), minor: part(minor), access: bits };
}

function accessText(access: number): string {
  return (['r', 'w', 'm'] as const).filter((letter) => (access & accessBits[letter]) !== 0).join('');
}

/** A rule in the words of v1. */
export function ruleText({ type, major, minor, access }: ParsedRule): string {
  const part = (value: number | undefined): string => (value === undefined ? '*' : String(value));
  return `${type} ${part(major)}:${part(minor)} ${accessText(access)}`;
}

/** Rules of both kinds in one text: `deny a *:* rwm, allow c 1:3 rw`. */
export function rulesText(rules: readonly ParsedRule[]): string {
  return rules.map((rule) => `${rule.allow ? 'allow' : 'deny'} ${ruleText(rule)}`).join(', ');
}

/** The opposite of {@link rulesText}; here `a` may have numbers and a part of the accesses. */
export function parseRules(text: string): readonly ParsedRule[] {
  return text.split(', ').flatMap((one) => {
    const match = /^(allow|deny) ([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(one);
    if (match === null) return [];
    const [, kind, type = '', major, minor, access] = match;
    // Types b and c read the same as in v1's words.
    const rule = parseRule(
      kind === 'allow',
      `${type === 'a' ? 'c' : type} ${major ?? ''}:${minor ?? ''} ${access ?? ''}`,
    );
    return rule === undefined ? [] : [{ ...rule, type: type as ParsedRule['type'] }];
  });
}

/** Whether a rule is about every access to every device. */
export function isWhole({ type, major, minor, access }: ParsedRule): boolean {
  return type === 'a' && major === undefined && minor === undefined && access === everything;
}

/** To v1 `a` always means everything: a part of it is said of block and character devices apart. */
function expand(rule: ParsedRule): readonly ParsedRule[] {
  if (rule.type !== 'a' || isWhole(rule)) return [rule];
  return [
    { ...rule, type: 'b' },
    { ...rule, type: 'c' },
  ];
}

function sameDevices(one: ParsedRule, other: ParsedRule): boolean {
  return one.type === other.type && one.major === other.major && one.minor === other.minor;
}

function overlap(one: ParsedRule, other: ParsedRule): boolean {
  const meet = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;
  return (
    one.type === other.type &&
    meet(one.major, other.major) &&
    meet(one.minor, other.minor) &&
    (one.access & other.access) !== 0
  );
}

/**
 * The rules as v1 takes them, one write for each; undefined when v1 would understand something else. v1 keeps one default and a
 * list of exceptions to it: a rule that says the same as the default only removes an exception of exactly the same devices, and
 * has no effect on a wider or narrower one.
 */
export function exactOnV1(rules: readonly ParsedRule[]): readonly ParsedRule[] | undefined {
  const writes = rules.flatMap(expand);
  let defaultAllows = true;
  let exceptions: ParsedRule[] = [];
  for (const rule of writes) {
    if (isWhole(rule)) {
      defaultAllows = rule.allow;
      exceptions = [];
    } else if (rule.allow !== defaultAllows) {
      exceptions.push(rule);
    } else if (exceptions.some((exception) => overlap(exception, rule) && !sameDevices(exception, rule))) {
      return undefined;
    } else {
      exceptions = exceptions.map((exception) =>
        sameDevices(exception, rule) ? { ...exception, access: exception.access & ~rule.access } : exception,
      );
    }
  }
  return writes;
}
