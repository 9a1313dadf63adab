/** In its user namespace, the container's process becomes root before it makes anything. */
import { syscall, type PlanContext, type Step } from '@haco/plan';
import { isMapped } from './id-map/resolve-id-map.js';
import type { NamespacesSection } from './section.js';

/** The step in a user namespace that is joined: others have mapped it; where it has no root, the ids stay. */
export function planEnteredRoot(from: string): Step {
  return becomeRoot(from, { tolerate: ['EINVAL'] });
}

function becomeRoot(from: string, tolerate: { readonly tolerate?: readonly string[] }): Step {
  return {
    id: 'namespaces.root',
    phase: 'identity',
    label: 'become root of the user namespace',
    why: "what the container's process makes must belong to somebody who exists inside, and groups of the caller must not stay",
    operations: [
      // Refused where /proc/self/setgroups says "deny", which newgidmap and whoever made an entered namespace may have written.
      syscall('setgroups', [0, 0], { tolerate: ['EPERM'] }),
      syscall('setresgid', [0, 0, 0], tolerate),
      syscall('setresuid', [0, 0, 0], tolerate),
    ],
    from,
    needs: [
      { capability: 'setgid', over: 'container' },
      { capability: 'setuid', over: 'container' },
    ],
    source: 'user_namespaces(7)',
  };
}

/** The step, where there is a root to become. */
export function planBecomeRoot(section: NamespacesSection, { facts }: PlanContext): readonly Step[] {
  const entered = section.enter.some(({ kind }) => kind === 'user');
  const map = facts.idMap;
  const mapped = map !== undefined && isMapped(map.uid, 0) && isMapped(map.gid, 0);
  // Whoever maps its own id to 0 is root already.
  if (map?.kind === 'self') return [];
  if (!mapped && !(entered && map === undefined)) return [];
  return [entered ? planEnteredRoot('namespaces.enter') : becomeRoot('namespaces.unshare', {})];
}
