/** Becoming the user that the command runs as; names have been looked up before (see lookup-user.ts). */
import { flags, struct, syscall, type PlanContext, type Step } from '@haco/plan';
import type { ProcessSection } from './section.js';

const keepCaps = flags({ PR_SET_KEEPCAPS: 8 }, 'PR_SET_KEEPCAPS');

/** Id of the step. */
export const userStepId = 'process.user';

/** Ids as numbers: what `resolveUser` made of the section. A name that it didn't resolve can't be planned for. */
export interface NumericUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

export function numericUser(section: ProcessSection): NumericUser | undefined {
  const { user } = section;
  if (user === undefined) return undefined;
  const number = (id: number | string | undefined, fallback: number): number =>
    typeof id === 'number' ? id : fallback;
  const uid = number(user.uid, 65_534);
  return { uid, gid: number(user.gid, uid), groups: (user.groups ?? []).filter((id) => typeof id === 'number') };
}

export function planUser(section: ProcessSection, { facts }: PlanContext): readonly Step[] {
  const user = numericUser(section);
  if (user === undefined) return [];
  const { uid, gid, groups } = user;
  const needs = [
    { capability: 'setuid', over: 'container' },
    { capability: 'setgid', over: 'container' },
  ] as const;
  // Ids that the map gives only to the caller leave setgroups(2) switched off; see user_namespaces(7).
  const groupsAllowed = facts.idMap?.kind !== 'self';
  const list = groups.map((group, index) => ({ name: String(index), type: 'u32', value: group }) as const);
  return [
    {
      id: userStepId,
      phase: 'privileges',
      label: `become user ${String(uid)} and group ${String(gid)}`,
      why: 'groups before group before user, because after the last one nothing of it is allowed any more (DESIGN §7.5)',
      source: 'setresuid(2)',
      from: 'process.user',
      needs,
      operations: [
        ...(facts.keepsCapabilities && uid !== 0 ? [syscall('prctl', [keepCaps, 1, 0, 0, 0])] : []),
        ...(groupsAllowed ? [syscall('setgroups', [groups.length, groups.length === 0 ? 0 : struct(...list)])] : []),
        syscall('setresgid', [gid, gid, gid]),
        syscall('setresuid', [uid, uid, uid]),
      ],
    },
  ];
}
