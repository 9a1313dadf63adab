/** Preflight: what would go wrong, without starting anything. */
import { accessSync, constants, statSync } from 'node:fs';
import type { Issue, Plan, SharedFacts, Warning } from '@haco/plan';

/** The answer of `check()`. */
export interface CheckReport {
  /** Whether nothing is known that would make a start fail. */
  readonly ok: boolean;
  /** Each problem with its remedy, in one sentence. */
  readonly problems: readonly Warning[];
}

/** Look at the things on the host that a plan relies on. */
export function checkPlan(plan: Plan, facts: SharedFacts): CheckReport {
  const problems = [...plan.warnings, ...rootProblems(facts)];
  return { ok: problems.length === 0, problems };
}

function rootProblems({ rootfs }: SharedFacts): readonly Warning[] {
  if (rootfs === undefined) return [];
  const problem = (message: string): readonly Warning[] => [{ step: 'mounts.root', kind: 'not-found', message }];
  try {
    if (!statSync(rootfs).isDirectory()) return problem(`The rootfs ${rootfs} is not a directory; give a directory.`);
    accessSync(rootfs, constants.X_OK);
    return [];
  } catch {
    return problem(`There is no rootfs ${rootfs} that can be entered; make it, e.g. with rootfs(debootstrap(…)).`);
  }
}

export type { Issue };
