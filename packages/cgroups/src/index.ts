/**
 * Control groups v1, v2 and hybrid behind one vocabulary: limits of CPU, memory and processes, and what was used of them.
 *
 * @packageDocumentation
 */
export { isCgroupConflict } from './conflict.js';
export type { CgroupMethods } from './methods.js';
export { cgroups } from './part.js';
export { parseCgroupReport, type CgroupReport } from './report.js';
export type { CgroupsSection } from './section.js';
