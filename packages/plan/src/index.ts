/**
 * The words that all haco packages share: parts, phases, steps, operations, plans, errors, host facts and human units. Pure:
 * nothing in here touches the machine.
 *
 * @packageDocumentation
 */
export * from './bytes.js';
export * from './capability-names.js';
export { formatPlan, planFormats, type PlanFormat } from './diagram/format.js';
export { mermaidOf } from './diagram/mermaid.js';
export { svgOf } from './diagram/svg.js';
export * from './duration.js';
export * from './effects.js';
export * from './enforcement.js';
export * from './errors.js';
export * from './host-facts.js';
export * from './host-facts-shape.js';
export * from './issue.js';
export * from './json.js';
export * from './kernel-release.js';
export * from './list-words.js';
export * from './live.js';
export { quote, show } from './message.js';
export * from './name.js';
export * from './namespace.js';
export * from './missing-rights.js';
export * from './operation.js';
export * from './open-flags.js';
export * from './openat2.js';
export * from './or-throw.js';
export * from './part.js';
export * from './phase.js';
export * from './plain.js';
export * from './plan.js';
export * from './render.js';
export * from './send-descriptor.js';
export * from './shape.js';
export * from './step.js';
