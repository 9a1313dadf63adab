/** What this package must know of one resource: its words, its files on v1 and v2, and what they mean in each other's words. */
import type { Reader } from '@haco/plan';

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
  /** Weaker forms, used instead only where the caller allows that. */
  readonly weaker?: { readonly v1?: Spell; readonly v2?: Spell };
  /** What to do where a version can't express it: a clause without a full stop. */
  readonly instead?: string;
}

/** One thing that typed limits ask for, as a key. */
export interface Asked {
  /** Where in the resource it stands, e.g. `weight`, `devices[0]`; empty for the resource as a whole. */
  readonly field: string;
  readonly key: string;
  readonly value: string;
}

/** The typed words of one resource in `resources({…})`. */
export interface Resource<Word extends string, Input, Limits> {
  readonly word: Word;
  /** Human units in, base units out; JSON from outside is read by the same function. */
  readonly read: Reader<Limits>;
  readonly settings: (limits: Limits) => readonly Asked[];
  /** Only for types: what a person may write. */
  readonly '~input'?: Input;
}

/** One resource of the kernel. */
export interface Controller {
  /** Its name on v2, or on v1 when only that has it. */
  readonly name: string;
  /** Its name on v1 where that differs. */
  readonly v1Name?: string;
  /**
   * `always`: every v2 group has it, without being handed down; `never`: v2 has nothing like it. Otherwise it is handed down by
   * `cgroup.subtree_control`.
   */
  readonly v2?: 'always' | 'never';
  /** On hybrid hosts v2's form is the better one, from this kernel on. */
  readonly preferV2?: string;
  /** Keys by their names on either version. Others of this controller are written as they are. */
  readonly keys: Readonly<Record<string, Key>>;
  /** Keys that contain the name of a thing, such as a page size. */
  readonly keyFor?: (key: string) => Key | undefined;
  /**
   * For files that hold values of several things (devices, interfaces): the thing that a write is about. A later write for the
   * same thing replaces an earlier one.
   */
  readonly itemOf?: (file: string, value: string, position: number) => string;
  /** Files that tell at the end what was used and which limits were hit. */
  readonly reports: { readonly v1: readonly string[]; readonly v2: readonly string[] };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of controllers is heterogeneous; limits are only handed back to the controller that read them.
  readonly resource?: Resource<string, any, any>;
}

/** The same value, to the file of this name. */
export function file(name: string): Spell {
  return (value) => [[name, value]];
}

/** Keys that both versions have under one name. */
export function both(...names: readonly string[]): Readonly<Record<string, Key>> {
  return Object.fromEntries(names.map((name) => [name, { v1: file(name), v2: file(name) }]));
}

/** Keys that only v1 has. */
export function onlyV1(...names: readonly string[]): Readonly<Record<string, Key>> {
  return Object.fromEntries(names.map((name) => [name, { v1: file(name) }]));
}

/** Keys that only v2 has. */
export function onlyV2(...names: readonly string[]): Readonly<Record<string, Key>> {
  return Object.fromEntries(names.map((name) => [name, { v2: file(name) }]));
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

/** A setting, or none when the field is missing. */
export function asked<T>(
  field: string,
  value: T | undefined,
  key: string,
  text: (value: T) => string = String,
): readonly Asked[] {
  return value === undefined ? [] : [{ field, key, value: text(value) }];
}

/** The kernel's word for a switch. */
export function digit(on: boolean): string {
  return on ? '1' : '0';
}
