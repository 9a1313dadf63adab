/** Which devices may be opened and made: files on v1, a program of the kernel on v2. */
import { optional, readBoolean, readList, readObject, readOneOf, issue, quote, type Reader } from '@haco/plan';
import { onlyV1, type Controller, type Key, type Resource, type Spell } from './controller.js';
import { accessBits, exactOnV1, parseRule, parseRules, ruleText, rulesText, type ParsedRule } from './device-rules.js';
import { readWithin } from './units.js';

/** A rule about devices, as OCI's `linux.resources.devices` has them. The last rule that covers a device and an access decides. */
export interface DeviceRule {
  readonly allow: boolean;
  /** Block or character devices; `a` or missing: both. */
  readonly type?: 'a' | 'b' | 'c';
  /** Missing or -1: all. */
  readonly major?: number;
  /** Missing or -1: all. */
  readonly minor?: number;
  /** Any of `r` read, `w` write, `m` mknod; missing: all. */
  readonly access?: string;
}

/** Where spelling puts the rules of v2: not a file, but the program that the group gets. */
export const deviceProgramFile = 'devices.program';

/** The kernel has 12 bits for the one and 20 for the other. */
const majors = readWithin(-1, 4095);
const minors = readWithin(-1, 1_048_575);

const readAccess: Reader<string> = (json, path, issues) => {
  if (typeof json !== 'string' || !/^[rwm]{1,3}$/.test(json) || new Set(json).size !== json.length) {
    issues.push(
      issue(path, `${typeof json === 'string' ? quote(json) : String(json)} is no access; write some of "rwm"`),
    );
  }
  return json as string;
};

const read = readList(
  readObject({
    allow: readBoolean,
    type: optional(readOneOf(['a', 'b', 'c'])),
    major: optional(majors),
    minor: optional(minors),
    access: optional(readAccess),
  }),
);

function parsed({ allow, type = 'a', major = -1, minor = -1, access = 'rwm' }: DeviceRule): ParsedRule {
  const part = (value: number): number | undefined => (value === -1 ? undefined : value);
  const bits = [...access].reduce((sum, letter) => sum | accessBits[letter as keyof typeof accessBits], 0);
  return { allow, type, major: part(major), minor: part(minor), access: bits };
}

const resource: Resource<'devices', readonly DeviceRule[], ReturnType<typeof read>> = {
  word: 'devices',
  read,
  settings: (rules) =>
    rules.length === 0 ? [] : [{ field: '', key: 'devices.rules', value: rulesText(rules.map(parsed)) }],
};

const toV1: Spell = (value) =>
  exactOnV1(parseRules(value))?.map((rule) => [rule.allow ? 'devices.allow' : 'devices.deny', ruleText(rule)] as const);

function raw(allow: boolean): Key {
  const name = allow ? 'devices.allow' : 'devices.deny';
  return {
    v1: (value) => (parseRule(allow, value) === undefined ? undefined : [[name, value]]),
    v2: (value) => {
      const rule = parseRule(allow, value);
      return rule === undefined ? undefined : [[deviceProgramFile, rulesText([rule])]];
    },
    instead: 'write a rule such as "c 1:3 rwm", "b *:* m", or "a" for everything',
  };
}

export const devices = {
  name: 'devices',
  v2: 'always',
  keys: {
    'devices.rules': {
      v1: toV1,
      v2: (value) => [[deviceProgramFile, value]],
      instead:
        'there a rule can only take back one of exactly the same devices, so say first what holds for all, then its exceptions',
    },
    'devices.allow': raw(true),
    'devices.deny': raw(false),
    ...onlyV1('devices.list'),
  },
  // Their order counts, and none replaces another.
  itemOf: (_file, _value, position) => String(position),
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
