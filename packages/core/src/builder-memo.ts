/**
 * Builders that the same words have led to before. A program says the same chain again and again; builders are immutable and
 * verbs are pure, so saying it again gives the builder of the first time, with its validated spec and its plan.
 */
import { isPlainObject, plain } from '@haco/plan';

/** One word, and where it led. */
interface Word {
  readonly verb: string;
  /** What was said, as nobody can change it any more. */
  readonly args: readonly unknown[];
  readonly builder: object;
}

/** Enough for the chains of a program; what a program makes up for each start pushes the others out every so often. */
const mostWords = 512;
/** From one builder on; the last are looked at first. */
const mostBranches = 8;
/** What is larger or deeper isn't worth the comparison, nor the memory. */
const mostItems = 64;
const mostLevels = 8;
const longestText = 1024;

let words = new WeakMap<object, Word[]>();
let count = 0;

/** The builder that this word led to from `from` before, if it is still known. */
export function knownBuilder(from: object, verb: string, args: readonly unknown[]): object | undefined {
  const branches = words.get(from);
  if (branches === undefined) return undefined;
  for (let i = branches.length - 1; i >= 0; i--) {
    const word = branches[i];
    if (word !== undefined && word.verb === verb && sameList(word.args, args)) return word.builder;
  }
  return undefined;
}

/** Keep where a word led. `args` must be the ones of before the verb saw them. */
export function rememberBuilder(from: object, word: Word): void {
  if (count >= mostWords) {
    words = new WeakMap();
    count = 0;
  }
  const branches = words.get(from);
  count += 1;
  if (branches === undefined) {
    words.set(from, [word]);
    return;
  }
  branches.push(word);
  if (branches.length > mostBranches) {
    branches.shift();
    count -= 1;
  }
}

/** A copy of arguments that are plain, small data; undefined for others: a stream or a function may be another one tomorrow. */
export function plainArguments(args: readonly unknown[]): readonly unknown[] | undefined {
  return itemsOf(args, 0) <= mostItems ? plain(args) : undefined;
}

/** How many values there are in it; Infinity when one of them isn't plain data, or is a long text. */
function items(value: unknown, level: number): number {
  if (typeof value === 'string') return value.length > longestText ? Infinity : 1;
  if (typeof value === 'function' || typeof value === 'symbol') return Infinity;
  if (typeof value !== 'object' || value === null) return 1;
  if (Array.isArray(value)) return itemsOf(value, level + 1);
  const keys = plainKeys(value);
  if (keys === undefined) return Infinity;
  const values = keys.map((key) => (value as Record<string, unknown>)[key]);
  return itemsOf(values, level + 1);
}

function itemsOf(values: readonly unknown[], level: number): number {
  if (level > mostLevels || values.length > mostItems) return Infinity;
  return values.reduce<number>((total, value) => (total > mostItems ? Infinity : total + items(value, level)), 1);
}

/** Names of an object that has nothing but enumerable properties of its own. */
function plainKeys(value: object): readonly string[] | undefined {
  if (!isPlainObject(value)) return undefined;
  const keys = Object.keys(value);
  return Reflect.ownKeys(value).length === keys.length ? keys : undefined;
}

function sameList(known: readonly unknown[], given: readonly unknown[]): boolean {
  if (known.length !== given.length) return false;
  for (let i = 0; i < known.length; i++) if (!same(known[i], given[i])) return false;
  return true;
}

function same(known: unknown, given: unknown): boolean {
  if (Object.is(known, given)) return true;
  if (typeof known !== 'object' || typeof given !== 'object' || known === null || given === null) return false;
  if (Array.isArray(known)) return Array.isArray(given) && sameList(known, given);
  if (Array.isArray(given)) return false;
  const keys = plainKeys(given);
  const knownKeys = Object.keys(known);
  if (keys?.length !== knownKeys.length) return false;
  // Their order counts: it is that of the variables of an environment.
  return keys.every(
    (key, i) =>
      key === knownKeys[i] && same((known as Record<string, unknown>)[key], (given as Record<string, unknown>)[key]),
  );
}
