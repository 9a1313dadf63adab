/** In a series of starts, the parent of their groups stays between them: making and removing it takes longer than a container's own groups. */
import { closeSync } from 'node:fs';
import { hierarchiesOf, planKeep, type CgroupsSection } from '@haco/cgroups';
import { flags, orderSteps, syscall, type Plan, type Step } from '@haco/plan';
import { atEndOfSeries, hold, readyForkServer, release } from '@haco/sys';
import { devNull, makePipe } from '../streams/pipe.js';
import type { StartInput } from './start-input.js';

/** Directories below which this process holds the parent in place. */
const kept = new Set<string>();
const basesOf = new WeakMap<Plan, readonly string[]>();
const noBases: readonly string[] = [];

/** The process that waits: it ends with its standard input, and its launcher then lets go of the groups. */
const waiting: readonly Step[] = [
  {
    id: 'keep.clone',
    phase: 'clone',
    label: 'create a process that waits',
    why: 'its end, also by that of Node, is when the group is let go of',
    from: 'cgroups',
    operations: [{ op: 'clone', flags: flags({}) }],
  },
  {
    id: 'keep.wait',
    phase: 'exec',
    label: 'wait for the end of the series',
    why: 'the other end of the pipe is closed then',
    from: 'cgroups',
    operations: [syscall('read', [0, { out: 'end', size: 8 }, 1]), syscall('exit_group', [0])],
  },
];

function basesIn({ spec, runtime }: StartInput, plan: Plan): readonly string[] {
  let bases = basesOf.get(plan);
  if (bases === undefined) {
    const section = spec['cgroups'] as CgroupsSection | undefined;
    const shared = section === undefined || section.parent !== undefined ? [] : hierarchiesOf(section, runtime.host());
    bases = shared.length === 0 ? noBases : [...new Set(shared.map(({ base }) => base))];
    basesOf.set(plan, bases);
  }
  return bases;
}

/**
 * Hold the parent of this plan's groups in place for as long as the fork server stays, which is how long a series of starts lasts.
 * Does nothing without one: a single container removes all that it has made.
 */
export function keepGroups(input: StartInput, plan: Plan): void {
  const bases = basesIn(input, plan);
  if (bases.length === 0 || bases.every((base) => kept.has(base)) || readyForkServer() === undefined) return;
  // What this start itself costs shall not grow by it.
  setImmediate(() =>
    begin(
      input,
      bases.filter((base) => !kept.has(base)),
    ),
  );
}

function begin({ runtime }: StartInput, bases: readonly string[]): void {
  const pipe = bases.length === 0 || readyForkServer() === undefined ? undefined : makePipe();
  if (pipe === undefined || pipe.isErr()) return;
  const { read, write } = pipe.value;
  const steps = orderSteps([...planKeep(bases, `.kept-${String(process.pid)}`, runtime.host()), ...waiting]);
  const launched = runtime.launch({
    plan: { version: 1, name: '', steps, warnings: [] },
    stdio: [read, devNull(), devNull()],
    onBarrier: () => Promise.reject(new Error('the plan has no barrier')),
  });
  closeSync(read);
  for (const base of bases) kept.add(base);
  let open = true;
  const end = (): void => {
    if (!open) return;
    open = false;
    closeSync(write);
    for (const base of bases) kept.delete(base);
    // From here on its end is waited for, as that of every container.
    if (launched.isOk()) hold();
  };
  if (launched.isErr()) {
    end();
    return;
  }
  // It doesn't keep Node alive: the pipe ends with Node.
  release();
  atEndOfSeries(end);
  // At once, when a group could not be made: containers then make and remove the parent by themselves.
  void launched.value.started.then(end);
}
