/** Undo of rules about devices on v1, whose files can't be read: from what `devices.list` said. Pure. */

/** Files that take rules. */
export const ruleFiles: readonly string[] = ['devices.allow', 'devices.deny'];

/** One rule that was written, with the list before and after. */
export interface RuleWrite {
  readonly file: string;
  readonly value: string;
  readonly before: string;
  readonly after: string;
}

/** What brings the list back. */
export interface RuleUndo {
  readonly writes: readonly (readonly [file: string, value: string])[];
  /** False: the kernel doesn't say all that there was. */
  readonly isExact: boolean;
}

/** A group that allows by default lists this one line, and none of the devices that it denies. */
const whole = /^a \*:\* rwm$/m;

/** Accesses by device, `c 1:3` → `rwm`: the kernel keeps one line for each. */
function byDevice(list: string): ReadonlyMap<string, string> {
  const lines = list
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)] as const),
  );
}

/** Rules for what `one` has beyond `other`. */
function beyond(
  file: string,
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): RuleUndo['writes'] {
  return [...one].flatMap(([device, access]) => {
    const had = other.get(device) ?? '';
    const more = [...access].filter((letter) => !had.includes(letter)).join('');
    return more === '' ? [] : [[file, `${device} ${more}`] as const];
  });
}

/** The writes that take one rule back. */
export function undoOfRule({ file, value, before, after }: RuleWrite): RuleUndo {
  const [allowedAll, allowsAll] = [whole.test(before), whole.test(after)];
  const [old, now] = [byDevice(before), byDevice(after)];
  if (!allowedAll) {
    if (allowsAll) {
      return { writes: [['devices.deny', 'a'], ...beyond('devices.allow', old, new Map())], isExact: true };
    }
    return {
      writes: [...beyond('devices.deny', now, old), ...beyond('devices.allow', old, now)],
      isExact: true,
    };
  }
  if (!allowsAll) return { writes: [['devices.allow', 'a']], isExact: false };
  // Nobody asks for what is so already, most likely: the opposite. A rule for everything has forgotten what was denied.
  if (value.startsWith('a')) return { writes: [], isExact: false };
  return { writes: [[file === 'devices.allow' ? 'devices.deny' : 'devices.allow', value]], isExact: false };
}
