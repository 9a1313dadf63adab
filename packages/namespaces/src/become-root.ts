/** In its user namespace, the container's process becomes root before it makes anything. */
import { syscall, type PlanContext, type Step } from '@haco/plan';
import { isMapped, mayMapAnything } from './id-map/resolve-id-map.js';
import type { NamespacesSection } from './section.js';

/** The step in a user namespace that is joined: others have mapped it; where it has no root, the ids stay. */
export function planEnteredRoot(from: string): Step {
  return becomeRoot(from, { groups: mayBeDenied, ids: { tolerate: ['EINVAL'] } });
}

interface Tolerated {
  readonly tolerate?: readonly string[];
}

/** Where /proc/self/setgroups says "deny", which newgidmap and whoever made a namespace above or an entered one may have written. */
const mayBeDenied: Tolerated = { tolerate: ['EPERM'] };

function becomeRoot(from: string, { groups, ids }: { readonly groups: Tolerated; readonly ids: Tolerated }): Step {
  return {
    id: 'namespaces.root',
    phase: 'identity',
    label: 'become root of the user namespace',
    why: "what the container's process makes must belong to somebody who exists inside, and groups of the caller must not stay",
    operations: [
      syscall('setgroups', [0, 0], groups),
      syscall('setresgid', [0, 0, 0], ids),
      syscall('setresuid', [0, 0, 0], ids),
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
export function planBecomeRoot(section: NamespacesSection, { facts, host }: PlanContext): readonly Step[] {
  const entered = section.enter.some(({ kind }) => kind === 'user');
  const map = facts.idMap;
  const mapped = map !== undefined && isMapped(map.uid, 0) && isMapped(map.gid, 0);
  // Whoever maps its own id to 0 is root already.
  if (map?.kind === 'self') return [];
  if (!mapped && !(entered && map === undefined)) return [];
  if (entered) return [planEnteredRoot('namespaces.enter')];
  // Root of the host writes the maps itself, and denies nothing: a refusal is that of a filter, and the caller's groups would stay.
  const isRootOfHost = mayMapAnything(host) && host.userNamespaces.uids === undefined;
  return [becomeRoot('namespaces.unshare', { groups: isRootOfHost ? {} : mayBeDenied, ids: {} })];
}
