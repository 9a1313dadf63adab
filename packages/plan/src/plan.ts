/** The ordered list of steps of one container: what `explain()` shows, the launcher performs, and errors refer to. */
import type { Enforcement } from './enforcement.js';
import type { Operation } from './operation.js';
import { phases, type Phase } from './phase.js';
import type { Step } from './step.js';

/** What will fail on this host, before anything was tried. */
export interface Warning {
  /** Id of the step that will fail. */
  readonly step: string;
  /** One sentence: what will fail, why, and how to mend it. */
  readonly message: string;
  /** How it is classed: the kind of the error that a start would return. */
  readonly kind: 'unsupported' | 'permission' | 'not-found' | 'tool';
}

/** A plan. JSON-serializable; `renderPlan` prints it. */
export interface Plan {
  readonly version: 1;
  /** Name of the container; empty when it has none. */
  readonly name: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly Warning[];
  /** What is left out or weakened because the caller allowed that; see {@link Part.degradations}. */
  readonly degradations?: Readonly<Record<string, Enforcement>>;
}

/** Put steps into the order of the phases; the order within a phase stays as it came, but for those that want to be its last. */
export function orderSteps(steps: readonly Step[]): readonly Step[] {
  const byPhase = new Map<Phase, Step[]>(phases.map((phase) => [phase, []]));
  for (const step of steps) if (step.last !== true) byPhase.get(step.phase)?.push(step);
  for (const step of steps) if (step.last === true) byPhase.get(step.phase)?.push(step);
  return [...byPhase.values()].flat();
}

/** Names of the system calls that a plan makes in the given phases, in order, e.g. to compare with strace. */
export function syscallsOf(operations: readonly Operation[]): readonly string[] {
  return operations.flatMap((operation) => {
    switch (operation.op) {
      case 'syscall':
        return [operation.name];
      case 'clone':
        return ['clone3'];
      case 'init':
        return ['clone'];
      case 'kill-listed':
        return ['openat', 'read', 'kill', 'close'];
      case 'barrier':
        return ['write', 'read'];
      case 'load':
      case 'compare':
        return [];
    }
  });
}
