/** The steps by which a process that joins a container enters the container's groups. */
import { slot, syscall, type HostFacts, type SlotName, type Step } from '@haco/plan';
import { AT_FDCWD, open } from './operations.js';

/** A group that exists, in one hierarchy. */
export interface ExistingGroup {
  readonly version: 1 | 2;
  /** Absolute path of its directory. */
  readonly path: string;
}

/** Slot of the v2 group that the clone puts the process into. */
const intoSlot: SlotName = 'join.group2';

/** The group that the clone puts the process into; undefined when it enters all of them itself. */
export function clonedInto(groups: readonly ExistingGroup[], host: HostFacts): SlotName | undefined {
  return host.features.clone_into_cgroup && groups.some(({ version }) => version === 2) ? intoSlot : undefined;
}

/**
 * The groups are opened by the launcher while the host's files are visible, and entered by the new process itself: what counts is
 * who opened them.
 */
export function planEnterGroups(groups: readonly ExistingGroup[], host: HostFacts): readonly Step[] {
  if (groups.length === 0) return [];
  const cloned = clonedInto(groups, host) !== undefined;
  const common = { from: 'join', source: 'cgroups(7)' } as const;
  const entered = groups
    .filter(({ version }) => version === 1 || !cloned)
    .map(({ version, path }, index) => ({
      // `tasks` moves one thread without the lock over all forks; see create.ts.
      file: `${path}/${version === 1 ? 'tasks' : 'cgroup.procs'}`,
      save: `join.group.${String(index)}`,
    }));
  const opened = [
    ...entered.map(({ file, save }) => syscall('openat', [AT_FDCWD, file, open(host.arch, 'O_WRONLY')], { save })),
    ...groups
      .filter(({ version }) => version === 2 && cloned)
      .map(({ path }) =>
        syscall('openat', [AT_FDCWD, path, open(host.arch, 'O_PATH', 'O_DIRECTORY')], { save: intoSlot }),
      ),
  ];
  return [
    {
      ...common,
      id: 'join.open-groups',
      phase: 'prepare',
      label: "open the container's groups",
      why: 'its limits hold for whoever is in its groups; inside they can be seen, but not entered',
      operations: opened,
    },
    ...(entered.length === 0
      ? []
      : ([
          {
            ...common,
            id: 'join.enter-groups',
            phase: 'identity',
            label: "enter the container's groups",
            why: 'what the new process does and starts is then limited and counted with the container',
            operations: entered.flatMap(({ save }) => [
              syscall('write', [slot(save), '0', 1], { expect: 1 }),
              syscall('close', [slot(save)]),
            ]),
          },
        ] as const)),
  ];
}
