/** What makes no sense, although every value has the right type. */
import {
  namespaceKinds,
  issue,
  parseAbsolutePath,
  parseText,
  quote,
  type IdRange,
  type Issue,
  type NamespaceKind,
  type WantedNamespaces,
} from '@haco/plan';
import { longestName } from './hostname.js';
import { byteLength } from './plan-write.js';
import type { IdMapping, NamespacesSection } from './section.js';
import { sysctlIssues } from './sysctl.js';
import { withWanted } from './wanted.js';

const key = 'namespaces';

const known: readonly string[] = namespaceKinds;
const unknownKind = (kind: string): string => `${quote(kind)} is no kind of namespace; use ${known.join(', ')}`;

function validateKinds(section: NamespacesSection): readonly Issue[] {
  const unshare = section.unshare.flatMap((kind, index) => {
    const path = `${key}.unshare[${String(index)}]`;
    if (!known.includes(kind)) return [issue(path, unknownKind(kind))];
    if (section.unshare.indexOf(kind) < index) return [issue(path, `${kind} is there twice; name it once`)];
    return [];
  });
  const enter = section.enter.flatMap(({ kind }, index) => {
    const path = `${key}.enter[${String(index)}].kind`;
    if (!known.includes(kind)) return [issue(path, unknownKind(kind))];
    if (section.enter.findIndex((other) => other.kind === kind) < index) {
      return [issue(path, `${kind} is entered twice; a process is in one ${kind} namespace at a time`)];
    }
    if (section.unshare.includes(kind)) {
      return [issue(path, `${kind} is entered and unshared; choose one, the other would have no effect`)];
    }
    return [];
  });
  return [...unshare, ...enter];
}

function validateAbsolute(path: string, text: string): readonly Issue[] {
  return parseAbsolutePath(text, 'the path').match<readonly Issue[]>(
    () => [],
    (message) => [issue(path, message)],
  );
}

function validateTargets(section: NamespacesSection): readonly Issue[] {
  const enter = section.enter.flatMap((entered, index) => {
    const path = `${key}.enter[${String(index)}]`;
    if ('path' in entered) return validateAbsolute(`${path}.path`, entered.path);
    const isPid = Number.isSafeInteger(entered.pid) && entered.pid > 0;
    const { startTime = 0 } = entered;
    return [
      ...(isPid
        ? []
        : [issue(`${path}.pid`, `${String(entered.pid)} is not a process id; give a whole number from 1 on`)]),
      ...(Number.isSafeInteger(startTime) && startTime >= 0
        ? []
        : [
            issue(
              `${path}.startTime`,
              `${String(startTime)} is not a number of ticks since boot; give field 22 of /proc/<pid>/stat`,
            ),
          ]),
    ];
  });
  const persist = section.persist.flatMap(({ kind, path: file }, index) => {
    const path = `${key}.persist[${String(index)}]`;
    const kindIssues = !known.includes(kind)
      ? [issue(`${path}.kind`, unknownKind(kind))]
      : section.unshare.includes(kind)
        ? []
        : [issue(`${path}.kind`, `only a new namespace can be persisted; add unshare(${quote(kind)})`)];
    const again = section.persist.findIndex((other) => other.path === file) < index;
    const pathIssues = again
      ? [issue(`${path}.path`, `${quote(file)} is used twice; give each namespace a file of its own`)]
      : [];
    return [...kindIssues, ...validateAbsolute(`${path}.path`, file), ...pathIssues];
  });
  return [...enter, ...persist];
}

function validateName(section: NamespacesSection, which: 'hostname' | 'domainname'): readonly Issue[] {
  const name = section[which];
  if (name === undefined) return [];
  const path = `${key}.${which}`;
  const has = (kind: NamespaceKind): boolean =>
    section.unshare.includes(kind) || section.enter.some((entered) => entered.kind === kind);
  const where = has('uts') ? [] : [issue(path, 'would rename the host; add unshare("uts")')];
  const bytes = byteLength(name);
  const size =
    bytes < 1 || bytes > longestName
      ? [issue(path, `${quote(name)} has ${String(bytes)} bytes; the kernel takes 1 to ${String(longestName)}`)]
      : [];
  const text = parseText(name, 'the name').match(
    () => [],
    (message) => [issue(path, message)],
  );
  return [...where, ...size, ...text];
}

/** The kernel takes 340 lines. */
const mostLines = 340;
const noId = 0xffff_ffff;

function overlaps(a: IdRange, b: IdRange, side: 'inside' | 'outside'): boolean {
  return a[side] < b[side] + b.count && b[side] < a[side] + a.count;
}

function validateMap(section: NamespacesSection, which: 'uidMap' | 'gidMap'): readonly Issue[] {
  const map: IdMapping | undefined = section[which];
  if (map === undefined) return [];
  const path = `${key}.${which}`;
  const owner = section.unshare.includes('user')
    ? []
    : [issue(path, 'only a new user namespace can be mapped; add unshare("user")')];
  if (typeof map === 'string') return owner;
  const size =
    map.length === 0 || map.length > mostLines
      ? [issue(path, `has ${String(map.length)} ranges; the kernel takes 1 to ${String(mostLines)}`)]
      : [];
  const ranges = map.flatMap((range, index) => {
    const at = `${path}[${String(index)}]`;
    const wrong = (['inside', 'outside', 'count'] as const).filter(
      (field) => !Number.isSafeInteger(range[field]) || range[field] < (field === 'count' ? 1 : 0),
    );
    if (wrong.length > 0) {
      return wrong.map((field) =>
        issue(
          `${at}.${field}`,
          `${String(range[field])} is not a ${field === 'count' ? 'positive' : 'non-negative'} whole number`,
        ),
      );
    }
    const beyond = (['inside', 'outside'] as const).filter((side) => range[side] + range.count > noId);
    if (beyond.length > 0)
      return beyond.map((side) => issue(`${at}.${side}`, 'the range goes beyond the last id 4294967294'));
    return (['inside', 'outside'] as const).flatMap((side) => {
      const other = map.slice(0, index).findIndex((earlier) => overlaps(earlier, range, side));
      return other === -1 ? [] : [issue(`${at}.${side}`, `overlaps with range ${String(other)}`)];
    });
  });
  return [...owner, ...size, ...ranges];
}

function validateTime({ timeOffsets, unshare }: NamespacesSection): readonly Issue[] {
  if (timeOffsets === undefined) return [];
  const path = `${key}.timeOffsets`;
  const owner = unshare.includes('time')
    ? []
    : [issue(path, 'only a new time namespace can have offsets; add unshare("time")')];
  const values = (['monotonicMs', 'boottimeMs'] as const).flatMap((field) => {
    const value = timeOffsets[field];
    return value === undefined || Number.isFinite(value)
      ? []
      : [issue(`${path}.${field}`, `${String(value)} is not a number of milliseconds`)];
  });
  return [...owner, ...values];
}

function validateTogether({ unshare, enter }: NamespacesSection): readonly Issue[] {
  const mount = enter.findIndex(({ kind }) => kind === 'mount');
  return unshare.includes('user') && mount !== -1
    ? [
        issue(
          `${key}.enter[${String(mount)}]`,
          'the id map of a new user namespace can\'t be written from inside another mount namespace; leave out unshare("user") or enter("mount")',
        ),
      ]
    : [];
}

/** Every problem of the section. */
export function validateSection(section: NamespacesSection, wanted?: WantedNamespaces): readonly Issue[] {
  return [
    ...validateKinds(section),
    // What another part wants can be persisted; whether that part is right to want it is its own business.
    ...validateTargets({ ...section, unshare: withWanted(section, wanted).unshare }),
    ...validateName(section, 'hostname'),
    ...validateName(section, 'domainname'),
    ...validateMap(section, 'uidMap'),
    ...validateMap(section, 'gidMap'),
    ...validateTime(section),
    ...validateTogether(section),
    ...sysctlIssues(section, [
      ...withWanted(section, wanted).unshare,
      ...withWanted(section, wanted).enter.map(({ kind }) => kind),
    ]),
  ];
}
