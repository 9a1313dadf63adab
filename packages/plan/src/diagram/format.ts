/** The forms in which a plan is shown. */
import type { Plan } from '../plan.js';
import { renderPlan } from '../render.js';
import { mermaidOf } from './mermaid.js';
import { svgOf } from './svg.js';

const formats = { text: renderPlan, mermaid: mermaidOf, svg: svgOf } as const satisfies Record<
  string,
  (plan: Plan) => string
>;

/** How a plan is shown: each system call as strace would show it, a flowchart of Mermaid, or a picture. */
export type PlanFormat = keyof typeof formats;

/** Their names. */
export const planFormats = Object.freeze(Object.keys(formats)) as readonly PlanFormat[];

/**
 * Show a plan.
 *
 * @example
 * ```ts
 * import { formatPlan } from '@haco/plan';
 * formatPlan({ version: 1, name: 'x', steps: [], warnings: [] }, 'svg');
 * ```
 */
export function formatPlan(plan: Plan, format: PlanFormat): string {
  return formats[format](plan);
}
