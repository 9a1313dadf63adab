/** A plan as boxes: what each process does in which part of the start, and the one arrow that everything hangs on, the clone. */
import { processOf, type Phase } from '../phase.js';
import type { Plan } from '../plan.js';
import type { Step } from '../step.js';

/** Steps that belong together. */
export interface DiagramBox {
  readonly title: string;
  /** The labels of its steps, in their order. */
  readonly lines: readonly string[];
}

/** What is drawn. */
export interface Diagram {
  readonly title: string;
  /** Namespaces that the clone makes, as clone(2) names them without the prefix, e.g. `NEWPID`. */
  readonly cloned: readonly string[];
  /** In the launcher, before the clone. */
  readonly before: readonly DiagramBox[];
  /** In the launcher while the container waits. */
  readonly beside: readonly DiagramBox[];
  /** In the container's first process. */
  readonly inside: readonly DiagramBox[];
  /** In the launcher, when the container has ended. */
  readonly after: readonly DiagramBox[];
  /** What will fail on the host that the plan is for. */
  readonly warnings: readonly string[];
}

const titles: Readonly<Record<Phase, string>> = {
  prepare: 'while only the host is there',
  join: 'enter namespaces of others',
  clone: 'make the process',
  parent: 'while the process waits',
  identity: 'who it is',
  mounts: 'its mounts',
  root: 'its root',
  session: 'its session',
  limits: 'its limits',
  privileges: 'its privileges',
  confine: 'what it may reach',
  handover: 'right before the command',
  filter: 'filters of system calls',
  exec: 'the command',
  undo: 'when it has ended',
};

function boxesOf(steps: readonly Step[]): readonly DiagramBox[] {
  const boxes: { title: string; lines: string[] }[] = [];
  for (const { phase, label, onlyAfterFailure } of steps) {
    const title = titles[phase];
    const line = onlyAfterFailure === true ? `${label}, if the start has failed` : label;
    const last = boxes.at(-1);
    if (last?.title === title) last.lines.push(line);
    else boxes.push({ title, lines: [line] });
  }
  return boxes;
}

/** The boxes of a plan. */
export function diagramOf({ name, steps, warnings }: Plan): Diagram {
  const inLauncher = steps.filter(({ phase }) => processOf(phase) === 'launcher');
  const only = (...phases: readonly Phase[]): readonly DiagramBox[] =>
    boxesOf(inLauncher.filter(({ phase }) => phases.includes(phase)));
  const flags = steps
    .flatMap(({ operations }) => operations)
    .flatMap((operation) => (operation.op === 'clone' ? operation.flags.flags : []));
  return {
    title: name === '' ? 'A container' : `The container ${JSON.stringify(name)}`,
    cloned: flags.filter((flag) => flag.startsWith('CLONE_NEW')).map((flag) => flag.slice('CLONE_'.length)),
    before: only('prepare', 'join', 'clone'),
    beside: only('parent'),
    inside: boxesOf(steps.filter(({ phase }) => processOf(phase) === 'container')),
    after: only('undo'),
    warnings: warnings.map(({ message }) => message),
  };
}
