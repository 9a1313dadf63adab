/** Preflight: what would go wrong, without starting anything. */
import { accessSync, constants, statSync } from 'node:fs';
import { missingLxcfs, type MountsSection } from '@haco/mounts';
import type { Issue, Plan, SharedFacts, Warning } from '@haco/plan';
import { restoreOf } from './checkpoint/section.js';
import { missingCommand } from './missing-command.js';
import type { Spec } from './spec.js';

/** The answer of `check()`. */
export interface CheckReport {
  /** Whether nothing is known that would make a start fail. */
  readonly ok: boolean;
  /** Each problem with its remedy, in one sentence. */
  readonly problems: readonly Warning[];
}

/** What a plan says will fail. */
export function checkPlan({ warnings }: Plan): CheckReport {
  return { ok: warnings.length === 0, problems: warnings };
}

/** The plan with what is missing on this host of the things that it relies on: the root, the command. */
export function withMissing(plan: Plan, facts: SharedFacts, spec: Spec): Plan {
  // A root that isn't made yet has nothing yet.
  if (restoreOf(spec) !== undefined) return plan;
  if (spec.rootfs.strategy !== undefined && facts.rootfs !== undefined) return plan;
  const root = facts.rootfs === undefined ? [] : rootProblems(facts.rootfs);
  const lxcfs = missingLxcfs((spec['mounts'] ?? {}) as MountsSection);
  const missing = [...lxcfs, ...(root.length > 0 ? root : missingCommand(spec, facts))];
  return missing.length === 0 ? plan : { ...plan, warnings: [...plan.warnings, ...missing] };
}

function rootProblems(rootfs: string): readonly Warning[] {
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
