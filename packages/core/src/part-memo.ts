/**
 * What parts said about sections that are still the same: of the next container of a program, often only the command is another one.
 * Sections, hosts and facts are plain values that nobody can change, and parts are pure, so that the answer would be the same.
 */
import type { AnyPart, HostFacts, SharedFacts } from '@haco/plan';

interface Answer {
  readonly host: HostFacts | undefined;
  readonly facts: string;
  readonly value: unknown;
}

/** A few: the same section between other sections, of which what it needs to know is told by the facts. */
const mostAnswers = 4;

/** Remembers what one question was answered, by part and section. */
export class PartMemo<T> {
  readonly #answers = new WeakMap<AnyPart, WeakMap<object, Answer[]>>();

  /**
   * The answer of earlier, or that of `ask`.
   *
   * @param factsKey - the facts as text, see {@link factsKeyOf}
   */
  of(part: AnyPart, section: unknown, host: HostFacts | undefined, factsKey: string, ask: () => T): T {
    // Not a value that somebody could still change.
    if (typeof section !== 'object' || section === null || !Object.isFrozen(section)) return ask();
    let ofPart = this.#answers.get(part);
    if (ofPart === undefined) this.#answers.set(part, (ofPart = new WeakMap<object, Answer[]>()));
    let answers = ofPart.get(section);
    if (answers === undefined) ofPart.set(section, (answers = []));
    const known = answers.find((answer) => answer.host === host && answer.facts === factsKey);
    if (known !== undefined) return known.value as T;
    const value = ask();
    answers.push({ host, facts: factsKey, value });
    if (answers.length > mostAnswers) answers.shift();
    return value;
  }
}

/** Facts as a text to compare them by. */
export function factsKeyOf(facts: SharedFacts): string {
  return JSON.stringify(facts);
}
