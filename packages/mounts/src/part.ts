/** The part `mounts`: its section, verbs, checks, facts and steps in one value. */
import type { Part, SharedFacts } from '@haco/plan';
import { checkSection } from './check.js';
import { planConnectedSources } from './entries/bind.js';
import { normalize } from './entries/mounted.js';
import { planEntries, planSources } from './entries/plan-entries.js';
import { planIdmapped } from './idmapped.js';
import { planLxcfs } from './lxcfs.js';
import type { MountMethods } from './methods.js';
import { parseSection } from './parse.js';
import { planPrivate } from './propagation.js';
import { planRestrictions } from './restrict.js';
import { planEnterRoot } from './root/enter-root.js';
import { planKeep } from './root/overlay.js';
import { planHostLayers, planReadonlyRoot, planRoot } from './root/plan-root.js';
import { planSelection } from './root/selection.js';
import { emptySection, type MountEntry, type MountsSection, type Rootfs } from './section.js';
import { situationOf } from './situation.js';
import { planStore, planStoreAway } from './store.js';
import { planUmask } from './umask.js';
import { validateSection } from './validate.js';
import { verbs } from './verbs.js';

function pathOf(rootfs: Rootfs): string | undefined {
  return 'path' in rootfs ? rootfs.path : rootfs.overlay.lower[0];
}

/** Whether the last that is mounted on /dev is made for the container. */
function hasOwnDev(entries: readonly MountEntry[]): boolean {
  const onDev = entries.filter((entry) =>
    entry.kind === 'independent'
      ? entry.name === 'dev' || entry.name === 'devtmpfs'
      : 'target' in entry && normalize(entry.target) === '/dev',
  );
  const last = onDev.at(-1);
  if (last?.kind === 'filesystem') return last.type === 'tmpfs' && entries.some(({ kind }) => kind === 'nodes');
  return last?.kind === 'independent' && last.name === 'dev';
}

/** The container's file tree: its root directory, what is mounted in it, and how the container gets in. */
export const mounts = {
  key: 'mounts',
  scope: 'container',
  empty: emptySection,
  verbs,
  parse: parseSection,
  validate: (section, { facts }) => validateSection(section, facts),
  facts: ({ rootfs, entries }): Partial<SharedFacts> => {
    const path = rootfs === undefined ? undefined : pathOf(rootfs);
    return {
      changesRoot: rootfs !== undefined,
      ...(path === undefined ? {} : { rootfs: path }),
      rootfsIsThrowAway: rootfs !== undefined && 'overlay' in rootfs && rootfs.overlay.keep === undefined,
      ownDev: hasOwnDev(entries),
      ownDevpts: entries.some(
        (entry) =>
          (entry.kind === 'independent' && (entry.name === 'dev' || entry.name === 'devpts')) ||
          (entry.kind === 'filesystem' && entry.type === 'devpts' && normalize(entry.target) === '/dev/pts'),
      ),
    };
  },
  plan: (section, context) => {
    const situation = situationOf(section, context);
    return [
      ...planKeep(section, situation),
      ...planIdmapped(section, situation),
      ...planConnectedSources(section, situation),
      ...planPrivate(section, situation),
      ...planUmask(section, situation),
      ...planSources(section, situation),
      ...planRoot(section, situation, context.facts.networkEtc),
      ...planStore(section, situation),
      ...planSelection(section, situation),
      ...planHostLayers(section, situation),
      ...planEntries(section, situation, context.facts.networkEtc),
      ...planLxcfs(section, situation),
      ...planRestrictions(section, situation),
      ...planReadonlyRoot(section, situation),
      ...planStoreAway(section, situation),
      ...planEnterRoot(section, situation),
    ];
  },
  check: checkSection,
} as const satisfies Part<'mounts', MountsSection, MountMethods>;
