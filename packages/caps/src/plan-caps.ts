/** The steps that reduce the container's process to its capabilities. */
import { struct, syscall, type Field, type Flags, type Operation, type PlanContext, type Step } from '@haco/plan';
import { capabilityName } from './names.js';
import { secureBits } from './securebits.js';
import { finalUid, heldSet, knownSet, processSets, type CapabilitySet } from './sets.js';
import type { CapsSection } from './section.js';

const SETPCAP = 8;
const PR_CAPBSET_DROP: Flags = { flags: ['PR_CAPBSET_DROP'], value: 24 };
const PR_SET_SECUREBITS: Flags = { flags: ['PR_SET_SECUREBITS'], value: 28 };
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

/** capset(2). */
function capset(effective: CapabilitySet, permitted: CapabilitySet, inheritable: CapabilitySet): Operation {
  const data = ([0, 32] as const).flatMap((first): Field[] => [
    { name: 'effective', type: 'u32', value: half(effective, first) },
    { name: 'permitted', type: 'u32', value: half(permitted, first) },
    { name: 'inheritable', type: 'u32', value: half(inheritable, first) },
  ]);
  return syscall('capset', [
    struct({ name: 'version', type: 'u32', value: LINUX_CAPABILITY_VERSION_3 }, { name: 'pid', type: 'u32', value: 0 }),
    struct(...data),
  ]);
}

/** Whether the section says anything. */
export function isAsked({ keep, drop, sets, securebits }: CapsSection): boolean {
  return [keep, drop, sets, securebits].some((field) => field !== undefined);
}

/** What the bounding set loses: everything that isn't kept, whether it is held or not. */
export function droppedSet(section: CapsSection, context: PlanContext): CapabilitySet {
  const { bounding } = processSets(section, context);
  const kept = new Set(bounding);
  return knownSet(context.host).filter((number) => !kept.has(number));
}

/** Whether a step of the section takes CAP_SETPCAP. */
function needsSetpcap(section: CapsSection, context: PlanContext): boolean {
  return section.securebits !== undefined || droppedSet(section, context).length > 0;
}

const common = { phase: 'privileges', source: 'capabilities(7)' } as const;

/** Path into the spec of what is seen in a step. */
function origin({ keep, drop, sets }: CapsSection): string {
  if (keep !== undefined || drop !== undefined) return 'caps';
  return sets === undefined ? 'caps.securebits' : 'caps.sets';
}

function planBounding(section: CapsSection, context: PlanContext): readonly Step[] {
  const dropped = droppedSet(section, context);
  if (dropped.length === 0) return [];
  return [
    {
      ...common,
      id: 'caps.bounding',
      label: `drop ${String(dropped.length)} of ${String(knownSet(context.host).length)} capabilities from the bounding set`,
      why: 'what is not in it can never be gained again, not even by root or a set-uid program inside',
      from: section.sets?.bounding === undefined ? 'caps' : 'caps.sets.bounding',
      operations: dropped.map((number) => syscall('prctl', [PR_CAPBSET_DROP, capability(number), 0, 0, 0])),
      needs: [{ capability: 'setpcap', over: 'container' }],
      enforces: ['caps'],
    },
  ];
}

function planAmbient(section: CapsSection, context: PlanContext): readonly Step[] {
  const { ambient } = processSets(section, context);
  if (ambient.length === 0) return [];
  return [
    {
      ...common,
      id: 'caps.ambient',
      label: `give ${ambient.length === 1 ? 'it' : 'them'} to user ${String(finalUid(context))} too`,
      why: 'execve(2) takes everything but ambient capabilities from who is not root',
      from: section.sets?.ambient === undefined ? 'caps' : 'caps.sets.ambient',
      operations: ambient.map((number) =>
        syscall('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability(number), 0, 0]),
      ),
    },
  ];
}

function planSecurebits({ securebits }: CapsSection): readonly Step[] {
  if (securebits === undefined) return [];
  const numbers = securebits.map((bit) => secureBits[bit]).sort((a, b) => a - b);
  const names = numbers.flatMap((number) => securebits.filter((bit) => secureBits[bit] === number));
  const word: Flags = {
    flags: names.map((bit) => `SECBIT_${bit.toUpperCase()}`),
    value: numbers.reduce((sum, number) => sum + 2 ** number, 0),
  };
  return [
    {
      ...common,
      id: 'caps.securebits',
      label: `set ${names.length === 1 ? 'the secure bit' : 'the secure bits'} ${names.join(', ')}`,
      why: 'what is still special about user 0 ends with them; after the ambient set, which one of them closes',
      from: 'caps.securebits',
      operations: [syscall('prctl', [PR_SET_SECUREBITS, word, 0, 0, 0])],
      needs: [{ capability: 'setpcap', over: 'container' }],
      enforces: ['securebits'],
    },
  ];
}

function planSet(section: CapsSection, context: PlanContext): Step {
  const { effective, permitted, inheritable } = processSets(section, context);
  const count = permitted.length;
  return {
    ...common,
    id: 'caps.set',
    label: count === 0 ? 'hold no capability' : `hold ${String(count)} ${count === 1 ? 'capability' : 'capabilities'}`,
    why:
      inheritable.length === 0
        ? 'nothing is inheritable, so no file capability adds anything (CVE-2022-24769)'
        : 'what is inheritable may become ambient, or be given by a file that has it inheritable too',
    from: origin(section),
    operations: [capset(effective, permitted, inheritable)],
    enforces: ['caps'],
  };
}

/** The steps, after the change of user (DESIGN §7.5). */
export function planCaps(section: CapsSection, context: PlanContext): readonly Step[] {
  if (!isAsked(section)) return [];
  const ambient = planAmbient(section, context);
  const set = planSet(section, context);
  if (!needsSetpcap(section, context)) return [set, ...ambient];
  const { permitted, inheritable } = processSets(section, context);
  const meanwhile = [...new Set([...permitted, SETPCAP])].sort((a, b) => a - b);
  const raise: Step = {
    ...common,
    id: 'caps.raise',
    label: 'hold what is kept, and what it takes to drop the rest',
    why: 'a change of user empties the effective set, and what follows needs CAP_SETPCAP in it',
    from: origin(section),
    operations: [capset(meanwhile, meanwhile, inheritable)],
  };
  // The ambient set comes before the secure bits, which may close it, and survives the last capset: it is within both sets.
  return [raise, ...planBounding(section, context), ...ambient, ...planSecurebits(section), set];
}

/** Whether the bounding set and the secure bits can be changed by who holds these. */
export function mayDrop(context: PlanContext): boolean {
  return heldSet(context).includes(SETPCAP);
}
