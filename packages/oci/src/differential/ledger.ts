/** Keeps account of differences: which are known, which are not, and which known ones have not been seen. */
import { type KnownDifference } from './known-differences.js';
import { type Difference } from './observe.js';

const isOf = ({ cases }: KnownDifference, name: string): boolean =>
  cases instanceof RegExp ? cases.test(name) : cases.includes(name);

export class Ledger {
  readonly #seen = new Map<KnownDifference, Set<string>>();
  readonly #names = new Set<string>();

  constructor(readonly known: readonly KnownDifference[]) {}

  /** How many cases there were. */
  get cases(): number {
    return this.#names.size;
  }

  /** What of the differences of a case nobody knows. */
  enter(name: string, differences: readonly Difference[]): readonly Difference[] {
    this.#names.add(name);
    return differences.filter(({ path }) => {
      const entries = this.known.filter((entry) => isOf(entry, name) && entry.paths.test(path));
      for (const entry of entries) this.#seen.set(entry, (this.#seen.get(entry) ?? new Set()).add(name));
      return entries.length === 0;
    });
  }

  /** Cases of the table that don't differ any more, and names that no case has; but for what depends on the machine. */
  stale(): readonly string[] {
    return this.known.flatMap((entry) => {
      const seen = this.#seen.get(entry) ?? new Set();
      const missing = entry.cases instanceof RegExp ? [] : entry.cases.filter((name) => !seen.has(name));
      if ((missing.length === 0 && seen.size > 0) || entry.dependsOn !== undefined) return [];
      return [`${missing.length === 0 ? String(entry.cases) : missing.join(', ')} at ${String(entry.paths)}`];
    });
  }
}
