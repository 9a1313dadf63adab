/** What this package must know of one resource: its files on v1 and v2, and what they mean in each other's words. */

/** Files of a group and what is written to them, in order. */
export type Writes = readonly (readonly [file: string, value: string])[];

/** Everything that is asked of a container's groups, by key. */
export type Settings = ReadonlyMap<string, string>;

/** Turns one setting into writes; undefined when this version has nothing that means the same. */
export type Spell = (value: string, all: Settings) => Writes | undefined;

/** A key that one or both versions know. A missing spelling: that version can't express it. */
export interface Key {
  readonly v1?: Spell;
  readonly v2?: Spell;
}

/** One resource. */
export interface Controller {
  readonly name: string;
  /** Keys by their names on either version. Others of this controller are written as they are. */
  readonly keys: Readonly<Record<string, Key>>;
  /** Files that tell at the end what was used and which limits were hit. */
  readonly reports: { readonly v1: readonly string[]; readonly v2: readonly string[] };
}

/** The same value, to the file of this name. */
export function file(name: string): Spell {
  return (value) => [[name, value]];
}

/** The words for "no limit" differ: `-1` on v1, `max` on v2. */
export function unlimited(version: 1 | 2, value: string): string {
  if (version === 1) return value === 'max' ? '-1' : value;
  return value === '-1' ? 'max' : value;
}

/** A limit that both versions have under different names. */
export function limit(v1: string, v2: string): Key {
  return { v1: (value) => [[v1, unlimited(1, value)]], v2: (value) => [[v2, unlimited(2, value)]] };
}
