/** Plans that are made once for many starts: blanks stand for what is another value each time, and each start fills in its own. */
import { randomHex } from '@haco/sys';
import type { Spec } from '../spec.js';
import { madeUpLength } from './made-up-name.js';

/** A value of one start, and what stands for it in the plan. */
export interface Blank {
  /** Random, so that nothing which a caller writes is likely to be taken for it; in bytes as long as the value, or longer. */
  readonly placeholder: string;
  /** Shorter than its placeholder only where that is a whole string. */
  readonly value: string;
}

/** A name that is shorter could be found by chance in the content of a file that a plan brings, of some MiB at most. */
const shortestName = 8;
/** Bytes that an argument or a variable may have, with the NUL byte at its end: the smallest that does is its place in the plan. */
const sizes = [64, 512, 4096] as const;
/** What all of them may take, in bytes; commands that are told more have plans of their own. */
const mostBytes = 16_384;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** Of a placeholder; the rest of a longer one only keeps the place. */
const randomLetters = 32;

const placeholders = new Map<string, string>();

/** Always the same for the same use and length. */
function placeholderOf(use: string, length: number): string {
  const key = `${use} ${String(length)}`;
  let placeholder = placeholders.get(key);
  if (placeholder === undefined) {
    const random = Array.from(Buffer.from(randomHex(randomLetters), 'hex'), (byte) => letters[byte % letters.length]);
    placeholder = random.join('').padEnd(length, '-').slice(0, length);
    placeholders.set(key, placeholder);
  }
  return placeholder;
}

/** What stands for a container's name, and for one that is made up at each start; undefined for names that are too short. */
export function namePlaceholder(name: string | undefined): string | undefined {
  const length = name?.length ?? madeUpLength;
  return length < shortestName ? undefined : placeholderOf('name', length);
}

/** What the command is told, in an order of its own: arguments, and the variables but PATH, by which it is found. */
function told({ command, env }: Spec['process']): readonly string[] {
  const variables = Object.keys(env).filter((name) => name !== 'PATH');
  return [...(command?.args ?? []), ...variables.map((name) => env[name] ?? '')];
}

/** What stands for each of these; undefined where they are part of the plan. */
function toldPlaceholders(process: Spec['process']): readonly string[] | undefined {
  // What a pool's containers are told is sent to them.
  if (process.parked === true) return undefined;
  const fitting = told(process).map((value) => sizes.find((size) => Buffer.byteLength(value) < size) ?? Infinity);
  if (fitting.reduce((sum, size) => sum + size, 0) > mostBytes) return undefined;
  return fitting.map((size, index) => placeholderOf(`told ${String(index)}`, size - 1));
}

/** A command that is told placeholders. */
function withToldBlanks(process: Spec['process']): Spec['process'] {
  const placeholders = toldPlaceholders(process);
  if (placeholders === undefined) return process;
  const left = placeholders.values();
  const next = (): string => left.next().value ?? '';
  const { command } = process;
  const blank = command === undefined ? {} : { command: { ...command, args: command.args.map(next) } };
  const env = Object.entries(process.env).map(([name, value]) => [name, name === 'PATH' ? value : next()] as const);
  return { ...process, ...blank, env: Object.fromEntries(env) };
}

/** The spec with placeholders in place of values: specs that are alike but for these become equal. */
export function withBlanks(spec: Spec): Spec {
  const { identity } = spec;
  const name = identity.name === undefined ? undefined : namePlaceholder(identity.name);
  return {
    ...spec,
    ...(name === undefined ? {} : { identity: { ...identity, name } }),
    process: withToldBlanks(spec.process),
  };
}

/**
 * The blanks of a plan for this spec, in an order that all specs have which become equal {@link withBlanks | with blanks}.
 *
 * @param name - name of the container: the spec's, or one made up for this start
 */
export function blanksOf({ identity, process }: Spec, name: string): readonly Blank[] {
  const placeholder = namePlaceholder(identity.name);
  const values = told(process);
  const rest = toldPlaceholders(process)?.map((other, index) => ({ placeholder: other, value: values[index] ?? '' }));
  return [...(placeholder === undefined ? [] : [{ placeholder, value: name }]), ...(rest ?? [])];
}

/** A plain value (a plan, a failed step) with the values in their places. */
export function filled<T>(value: T, blanks: readonly Blank[]): T {
  const text = blanks.reduce(
    (json, blank) => json.replaceAll(blank.placeholder, () => JSON.stringify(blank.value).slice(1, -1)),
    JSON.stringify(value),
  );
  return JSON.parse(text) as T;
}
