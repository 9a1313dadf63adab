/** For tests: put a login back into the state in which its processes are in its own group, not in a leaf below it. */
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { leafGroup } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { joinPath } from './group-dir.js';

/** Undo `moveSelfToLeaf()`. Nothing else may be in the groups below by then. */
export function leaveLeaf(): void {
  const { v2 } = probeHost({ fresh: true }).cgroups;
  if (v2 === undefined) return;
  const own = joinPath(v2.mountPoint, v2.ownGroup);
  const leaf = `${own}/${leafGroup}`;
  if (!existsSync(leaf)) return;
  writeFileSync(`${own}/cgroup.subtree_control`, v2.subtreeControl.map((name) => `-${name}`).join(' '));
  for (const pid of readFileSync(`${leaf}/cgroup.procs`, 'utf8').trim().split('\n')) {
    writeFileSync(`${own}/cgroup.procs`, pid);
  }
  rmdirSync(leaf);
  probeHost({ fresh: true });
}
