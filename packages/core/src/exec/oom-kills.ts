/** Whether a process that joined a container was killed for want of memory: only the container's groups count that. */
import { oomKillsOf } from '@haco/cgroups';
import type { Spec } from '../spec.js';
import { joinKey, type JoinSection } from './join-part.js';

/** Tells how many kills there have been since this call. */
export type OomKills = () => number;

const none: OomKills = () => 0;

/** Begin to count, before the process is started. The kernel counts a kill before it sends the signal. */
export function countOomKills(spec: Spec): OomKills {
  const groups = (spec[joinKey] as JoinSection | undefined)?.groups;
  const before = groups === undefined ? undefined : oomKillsOf(groups);
  if (groups === undefined || before === undefined) return none;
  return () => Math.max(0, (oomKillsOf(groups) ?? before) - before);
}
