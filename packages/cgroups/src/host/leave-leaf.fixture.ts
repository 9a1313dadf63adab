/** For tests: put a login back into the state in which its processes are in its own group, not in a leaf below it. */
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { leafGroup } from '@haco/plan';
import { closeForkServer, probeHost } from '@haco/sys';
import { sharedParent } from '../hierarchy.js';
import { joinPath } from './group-dir.js';

/** Undo `moveSelfToLeaf()`. Nothing else may be in the groups below by then. */
export async function leaveLeaf(): Promise<void> {
  const { v2 } = probeHost({ fresh: true }).cgroups;
  if (v2 === undefined) return;
  const own = joinPath(v2.mountPoint, v2.ownGroup);
  const leaf = `${own}/${leafGroup}`;
  if (!existsSync(leaf)) return;
  // The parent of containers' groups stays between starts, and has the controllers.
  closeForkServer();
  for (let tries = 0; existsSync(`${own}/${sharedParent}`) && tries < 1000; tries++) await sleep(5);
  writeFileSync(`${own}/cgroup.subtree_control`, v2.subtreeControl.map((name) => `-${name}`).join(' '));
  for (const pid of readFileSync(`${leaf}/cgroup.procs`, 'utf8').trim().split('\n')) {
    writeFileSync(`${own}/cgroup.procs`, pid);
  }
  rmdirSync(leaf);
  probeHost({ fresh: true });
}
