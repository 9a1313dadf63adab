/** The verbs at run time: arguments in, changed section out. */
import { rejected, type NamespaceKind, type VerbResult, type Verbs } from '@haco/plan';
import type { EnterTarget, NamespaceMethods } from './methods.js';
import { idMappingWords, type Entered, type IdMapping, type NamespacesSection, type TimeOffsets } from './section.js';

type Outcome = VerbResult<NamespacesSection>;

function target(kind: NamespaceKind, to: EnterTarget): Entered | undefined {
  // JavaScript callers pass anything.
  const given = to as {
    readonly path?: unknown;
    readonly container?: unknown;
  } | null;
  if (typeof given?.path === 'string') return { kind, path: given.path };
  const { pid, startTime } = (given?.container ?? given ?? {}) as {
    readonly pid?: unknown;
    readonly startTime?: unknown;
  };
  // Without it a number alone would be trusted, which is not what was said.
  if (typeof pid !== 'number' || !['number', 'undefined'].includes(typeof startTime)) return undefined;
  return typeof startTime === 'number' ? { kind, pid, startTime } : { kind, pid };
}

function text(section: NamespacesSection, field: 'hostname' | 'domainname', name: unknown): Outcome {
  if (typeof name !== 'string') return rejected(`namespaces.${field}`, 'must be a string');
  return { ...section, [field]: name };
}

function mapping(section: NamespacesSection, field: 'uidMap' | 'gidMap', map: IdMapping): Outcome {
  if (typeof map === 'string' && idMappingWords.includes(map)) return { ...section, [field]: map };
  if (!Array.isArray(map)) {
    return rejected(`namespaces.${field}`, 'must be "self", "auto", "nobody" or a list of { inside, outside, count }');
  }
  return { ...section, [field]: map.map(({ inside, outside, count }) => ({ inside, outside, count })) };
}

export const verbs: Verbs<NamespacesSection, NamespaceMethods> = {
  unshare: (section: NamespacesSection, ...kinds: readonly NamespaceKind[]): Outcome =>
    kinds.length === 0
      ? rejected('namespaces.unshare', 'names no kind; use any of mount, uts, ipc, pid, net, user, cgroup, time')
      : // A specialised copy of a shared base may ask again for what the base has.
        { ...section, unshare: [...new Set([...section.unshare, ...kinds])] },

  enter: (section: NamespacesSection, kind: NamespaceKind, to: EnterTarget): Outcome => {
    const entered = target(kind, to);
    return entered === undefined
      ? rejected(
          `namespaces.enter[${String(section.enter.length)}]`,
          'must be { path }, { pid } or { container } with a pid',
        )
      : { ...section, enter: [...section.enter, entered] };
  },

  persist: (section: NamespacesSection, kind: NamespaceKind, path: string): Outcome =>
    typeof path === 'string'
      ? { ...section, persist: [...section.persist, { kind, path }] }
      : rejected(`namespaces.persist[${String(section.persist.length)}].path`, 'must be a string'),

  hostname: (section: NamespacesSection, name: string): Outcome => text(section, 'hostname', name),
  domainname: (section: NamespacesSection, name: string): Outcome => text(section, 'domainname', name),
  mapUsers: (section: NamespacesSection, map: IdMapping): Outcome => mapping(section, 'uidMap', map),
  mapGroups: (section: NamespacesSection, map: IdMapping): Outcome => mapping(section, 'gidMap', map),

  sysctl: (section: NamespacesSection, name: string, value: string | number): Outcome =>
    typeof name === 'string' && (typeof value === 'string' || typeof value === 'number')
      ? { ...section, sysctls: { ...section.sysctls, [name]: String(value) } }
      : rejected('namespaces.sysctls', 'must be a name and a text or number, e.g. sysctl("net.ipv4.ip_forward", 1)'),

  timeOffsets: (section: NamespacesSection, offsets: TimeOffsets): Outcome => {
    const { monotonicMs, boottimeMs } = offsets ?? {};
    return {
      ...section,
      timeOffsets: {
        ...(monotonicMs === undefined ? {} : { monotonicMs }),
        ...(boottimeMs === undefined ? {} : { boottimeMs }),
      },
    };
  },
};
