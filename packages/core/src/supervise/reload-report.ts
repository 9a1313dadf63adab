/** What a reload has done. */
import type { UpdateReport } from '../update.js';

/** What changed, and what will. */
export interface ReloadReport extends UpdateReport {
  /** Paths into the spec that changed and are in force now. */
  readonly applied: readonly string[];
  /** Paths into the spec that changed, and come into force when the container is started again. */
  readonly needsRestart: readonly string[];
}
