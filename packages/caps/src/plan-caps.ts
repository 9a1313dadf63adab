/** The steps that reduce the container's process to its capabilities. */
import { struct, syscall, type Field, type Flags, type Operation, type PlanContext, type Step } from '@haco/plan';
import { capabilityName } from './names.js';
import { effectiveSet, finalUid, heldSet, keptSet, knownSet, type CapabilitySet } from './sets.js';
import type { CapsSection } from './section.js';

const SETPCAP = 8;
const PR_CAPBSET_DROP: Flags = { flags: ['PR_CAPBSET_DROP'], value: 24 };
const PR_CAP_AMBIENT: Flags = { flags: ['PR_CAP_AMBIENT'], value: 47 };
const PR_CAP_AMBIENT_RAISE: Flags = { flags: ['PR_CAP_AMBIENT_RAISE'], value: 2 };
const LINUX_CAPABILITY_VERSION_3: Flags = { flags: ['_LINUX_CAPABILITY_VERSION_3'], value: 0x20080522 };

function shown(number: number): string {
  const name = capabilityName(String(number)) ?? String(number);
  return name.startsWith('cap_') ? name.toUpperCase() : `CAP_${name.toUpperCase()}`;
}

function capability(number: number): Flags {
  return { flags: [shown(number)], value: number };
}

/** Half of a set as the kernel's structure has it: bits of 32 capabilities. */
function half(set: CapabilitySet, first: 0 | 32): Flags {
  const members = set.filter((number) => number >= first && number < first + 32);
  return { flags: members.map(shown), value: members.reduce((word, number) => word + 2 ** (number - first), 0) };
}

/** capset(2) with effective and permitted the same. */
function capset(held: CapabilitySet, inheritable: CapabilitySet): Operation {
  const data = ([0, 32] as const).flatMap((first): Field[] => [
    { name: 'effective', type: 'u32', value: half(held, first) },
    { name: 'permitted', type: 'u32', value: half(held, first) },
    { name: 'inheritable', type: 'u32', value: half(inheritable, first) },
  ]);
  return syscall('capset', [
    struct({ name: 'version', type: 'u32', value: LINUX_CAPABILITY_VERSION_3 }, { name: 'pid', type: 'u32', value: 0 }),
    struct(...data),
  ]);
}

/** Whether the section says anything. */
export function isAsked({ keep, drop }: CapsSection): boolean {
  return keep !== undefined || drop !== undefined;
}

/** What the bounding set loses: everything that isn't kept, whether it is held or not. */
export function droppedSet(section: CapsSection, { host }: PlanContext): CapabilitySet {
  const kept = new Set(keptSet(section, host));
  return knownSet(host).filter((number) => !kept.has(number));
}

/** The steps, in the order of DESIGN §7.5: they follow the change of user. */
export function planCaps(section: CapsSection, context: PlanContext): readonly Step[] {
  if (!isAsked(section)) return [];
  const kept = effectiveSet(section, context);
  const dropped = droppedSet(section, context);
  // Root has the bounding set as permitted set after execve(2); everybody else only what is ambient.
  const ambient = finalUid(context) === 0 ? [] : kept;
  const whileDropping = [...new Set([...kept, SETPCAP])].sort((a, b) => a - b);
  const common = { phase: 'privileges', from: 'caps', source: 'capabilities(7)' } as const;
  const bounding: readonly Step[] =
    dropped.length === 0
      ? []
      : [
          {
            ...common,
            id: 'caps.raise',
            label: 'hold what is kept, and what it takes to drop the rest',
            why: 'a change of user empties the effective set, and dropping needs CAP_SETPCAP in it',
            operations: [capset(whileDropping, [])],
          },
          {
            ...common,
            id: 'caps.bounding',
            label: `drop ${String(dropped.length)} of ${String(knownSet(context.host).length)} capabilities from the bounding set`,
            why: 'what is not in it can never be gained again, not even by root or a set-uid program inside',
            operations: dropped.map((number) => syscall('prctl', [PR_CAPBSET_DROP, capability(number), 0, 0, 0])),
            needs: [{ capability: 'setpcap', over: 'container' }],
            enforces: ['caps'],
          },
        ];
  return [
    ...bounding,
    {
      ...common,
      id: 'caps.set',
      label: kept.length === 0 ? 'hold no capability' : `hold ${String(kept.length)} capabilities`,
      why:
        ambient.length === 0
          ? 'nothing is inheritable, so no file capability adds anything (CVE-2022-24769)'
          : 'what is to become ambient must be inheritable first',
      operations: [capset(kept, ambient)],
      enforces: ['caps'],
    },
    ...(ambient.length === 0
      ? []
      : [
          {
            ...common,
            id: 'caps.ambient',
            label: `give them to user ${String(finalUid(context))} too`,
            why: 'execve(2) takes everything but ambient capabilities from who is not root',
            operations: ambient.map((number) =>
              syscall('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability(number), 0, 0]),
            ),
          },
        ]),
  ];
}

/** Whether the bounding set can be reduced by who holds these. */
export function mayDrop(context: PlanContext): boolean {
  return heldSet(context).includes(SETPCAP);
}
