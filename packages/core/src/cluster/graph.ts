/** Who of a cluster needs whom: every problem of that with its path, and the order that follows. */
import { issue, quote, type Issue } from '@haco/plan';

/** What a member needs: names of members. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** A cycle through `name`, as the way around it; undefined when there is none. */
function cycleThrough(needs: Needs, name: string): readonly string[] | undefined {
  const seen = new Set<string>();
  const way: string[] = [];
  const visit = (at: string): boolean => {
    for (const next of needs.get(at) ?? []) {
      if (next === name) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      way.push(next);
      if (visit(next)) return true;
      way.pop();
    }
    return false;
  };
  return visit(name) ? [name, ...way, name] : undefined;
}

/** Unknown names and cycles. `pathOf` says where a need was written. */
export function graphIssues(needs: Needs, pathOf: (member: string, need: string) => string): readonly Issue[] {
  const issues: Issue[] = [];
  const known = [...needs.keys()];
  for (const [name, wanted] of needs) {
    for (const need of wanted) {
      if (!needs.has(need)) {
        issues.push(issue(pathOf(name, need), `${quote(need)} is no member; there are ${known.join(', ')}`));
      }
    }
  }
  const told = new Set<string>();
  for (const name of known) {
    if (told.has(name)) continue;
    const cycle = cycleThrough(needs, name);
    if (cycle === undefined) continue;
    for (const one of cycle) told.add(one);
    const path = pathOf(name, cycle[1] ?? name);
    issues.push(issue(path, `needs itself: ${cycle.join(' needs ')}; none of them could start first`));
  }
  return issues;
}

/** The other way around: who needs a member. */
export function neededBy(needs: Needs): Needs {
  return new Map(
    [...needs.keys()].map((name) => [
      name,
      [...needs].filter(([, wanted]) => wanted.includes(name)).map(([other]) => other),
    ]),
  );
}
