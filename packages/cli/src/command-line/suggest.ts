/** What somebody who mistyped a word may have meant. */

/** How many letters must be added, removed, replaced or swapped (optimal string alignment). */
export function distance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[to.length] ?? 0;
}

/** The known word nearest to this one, when it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((candidate) => word.length >= 2 && candidate.startsWith(word));
  if (begun.length === 1) return begun[0];
  const measured = known
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate) }))
    .filter(({ candidate, far }) => far <= Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3)))
    .sort((a, b) => a.far - b.far);
  return measured[0]?.candidate;
}

/** `; did you mean "x"?`, or else what else to do. */
export function suggestion(word: string, known: readonly string[], otherwise: string): string {
  const meant = nearest(word, known);
  return meant === undefined ? otherwise : `did you mean "${meant}"?`;
}
