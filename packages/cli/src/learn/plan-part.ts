/** What a part adds to a plan: the steps that aren't there without it. */
import type { Builder, HacoError, HostFacts } from '@haco/core';
import { ok, type Result } from 'neverthrow';

/** For which host the plan is. */
export interface PlanOptions {
  /** Left out: this one. The recorded pages take one that is the same everywhere. */
  readonly host?: HostFacts;
}

/** The steps of a plan as text, without their numbers. */
function stepsOf(plan: string): readonly string[] {
  const steps = plan.split(/\n(?= *\d+ \[)|\n\n/).filter((block) => /^ *\d+ \[/.test(block));
  return steps.map((step) => step.replace(/^ *\d+ /, '').trimEnd());
}

/** Calls of one step that are shown: forty of one kind tell no more than a few. */
const shownCalls = 6;

/** A step with its first calls. */
function shortened(step: string): string {
  const lines = step.split('\n');
  const calls = lines.findIndex((line, index) => index > 0 && line.startsWith('      '));
  if (calls < 0 || lines.length - calls <= shownCalls + 1) return step;
  const more = String(lines.length - calls - shownCalls);
  return [...lines.slice(0, calls + shownCalls), `      … (${more} more)`].join('\n');
}

/** The plan; or, given a builder that lacks a part, what the part adds. */
export function partOfPlan(
  whole: Builder,
  less: Builder | undefined,
  { host }: PlanOptions,
): Result<string, HacoError> {
  const explain = (builder: Builder) => builder.explain(host === undefined ? {} : { host }).map(String);
  if (less === undefined) return explain(whole).map((plan) => plan.trimEnd());
  return explain(whole).andThen((plan) =>
    explain(less).andThen((rest) => {
      const known = new Set(stepsOf(rest));
      return ok(
        stepsOf(plan)
          .filter((step) => !known.has(step))
          .map(shortened)
          .join('\n'),
      );
    }),
  );
}
