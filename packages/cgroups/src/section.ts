/** What a container may use: the section of the spec that this package owns. */
import type { ResourceLimits } from './controllers/index.js';

/** Limits by resource. JSON-serializable; a field that is missing sets no limit. */
export interface CgroupsSection {
  /** Percent of one CPU: 50 is half of one, 200 two whole ones. */
  readonly cpu?: number;
  /** Bytes of memory, page cache included, swap not. */
  readonly memory?: number;
  /** Processes and threads at the same time. */
  readonly pids?: number;
  /** Milliseconds of CPU time that all processes together may use before they are killed; counted by the group, watched by Node. */
  readonly cpuTimeMs?: number;
  /** Everything else that has typed words, in base units; `cpu.percent`, `memory.max` and `pids.max` are the fields above. */
  readonly resources?: ResourceLimits;
  /** Files of the group and what is written to them, by their names on v1 or v2, e.g. `{ 'cpu.weight': '50' }`. */
  readonly keys?: Readonly<Record<string, string>>;
  /** A group that exists already, relative to the caller's own, below which the container's group is made; e.g. `ci/nightly`. */
  readonly parent?: string;
  /** The very path of the group in each hierarchy, from its root; e.g. `/docker/4f1c`. Groups above it are made, and stay. Not with `parent`. */
  readonly path?: string;
  /** Limits that may be left out where the host can't enforce them, by their names in `Outcome.enforced`. */
  readonly degrade?: readonly string[];
}
