/** What makes no sense, although every value has the right type. */
import { formatBytes, issue, parseAbsolutePath, parseText, quote, type Issue, type SharedFacts } from '@haco/plan';
import { independentNames } from './kinds/independent-names.js';
import { contentOf } from './contents.js';
import { isSelected } from './root/selection.js';
import type { BindEntry, DeviceNode, IndependentEntry, MountEntry, MountIdMap, MountsSection } from './section.js';

const key = 'mounts';

/** An absolute path on the host. */
function validateHostPath(path: string, text: unknown): readonly Issue[] {
  return parseAbsolutePath(text, 'the path').match<readonly Issue[]>(
    () => [],
    (message) => [issue(path, message)],
  );
}

/** An absolute path inside the container, without ways up. */
function validateTarget(path: string, text: unknown): readonly Issue[] {
  return parseText(text, 'the path').match(
    (value) => {
      if (!value.startsWith('/'))
        return [issue(path, `${quote(value)} is not absolute; a target is a path inside the container`)];
      const components = value.split('/').filter((component) => component !== '');
      if (components.includes('..')) return [issue(path, `${quote(value)} contains ".."; name the target itself`)];
      if (components.every((component) => component === '.')) {
        return [issue(path, 'would cover the whole root; use chroot() to choose the root')];
      }
      return [];
    },
    (message) => [issue(path, message)],
  );
}

function validateSize(path: string, size: number | undefined): readonly Issue[] {
  if (size === undefined || (Number.isSafeInteger(size) && size > 0)) return [];
  return [
    issue(path, `${String(size)} is not a positive whole number of bytes; a tmpfs of size 0 would have no limit`),
  ];
}

function validateMode(path: string, mode: number | undefined): readonly Issue[] {
  const isMode = mode === undefined || (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777);
  return isMode ? [] : [issue(path, `${String(mode)} is not a file mode; write e.g. 0o755`)];
}

const hidePids: readonly unknown[] = [undefined, 'noaccess', 'invisible', 'ptraceable'];

function validateIndependentOptions(
  { name, subset, hidepid, writable }: IndependentEntry,
  at: string,
): readonly Issue[] {
  if (name !== 'cgroup' && writable !== undefined) return [issue(at, 'writable is an option of cgroup only')];
  if (name !== 'procfs' && (subset !== undefined || hidepid !== undefined)) {
    return [issue(at, 'subset and hidepid are options of procfs only')];
  }
  return [
    ...(subset === undefined || (subset as string) === 'pid'
      ? []
      : [issue(`${at}.subset`, `${quote(subset)} is no subset; the only one is "pid"`)]),
    ...(hidePids.includes(hidepid)
      ? []
      : [issue(`${at}.hidepid`, `${quote(String(hidepid))} is unknown; use noaccess, invisible or ptraceable`)]),
  ];
}

/** Contents travel with the plan, which holds up to 8 MiB in all. */
const mostContent = 4 * 1024 * 1024;

function validateContents({ entries }: MountsSection): readonly Issue[] {
  const size = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? contentOf(entry).length : 0), 0);
  if (size <= mostContent) return [];
  const problem = `the contents of files have ${formatBytes(size)} together, ${formatBytes(mostContent)} is the most; bind a file of the host with mount()`;
  return [issue(`${key}.entries`, problem)];
}

function validateRestricted({ masked = [], readonlyPaths = [] }: MountsSection): readonly Issue[] {
  return Object.entries({ masked, readonlyPaths }).flatMap(([field, paths]) =>
    paths.flatMap((path, index) => validateTarget(`${key}.${field}[${String(index)}]`, path)),
  );
}

function validateMap(idmap: MountIdMap | undefined, at: string): readonly Issue[] {
  return idmap === undefined || idmap === 'container'
    ? []
    : validateHostPath(`${at}.userNamespace`, idmap.userNamespace);
}

function validateIdmap({ idmap, propagation }: BindEntry, at: string): readonly Issue[] {
  if (idmap === undefined) return [];
  return [
    ...(propagation === undefined || propagation === 'private'
      ? []
      : [issue(`${at}.propagation`, 'an idmapped mount is private; leave it out')]),
    ...validateMap(idmap, `${at}.idmap`),
  ];
}

function validateRootMap({ rootfs, idmap }: MountsSection, facts: SharedFacts): readonly Issue[] {
  if (idmap === undefined) return [];
  const at = `${key}.idmap`;
  // The root may also be that of a strategy, which is another section's.
  const none = facts.changesRoot ? [] : ['/'];
  const paths = rootfs === undefined ? none : 'path' in rootfs ? [rootfs.path] : rootfs.overlay.lower;
  return [
    ...validateMap(idmap, at),
    ...(isSelected(rootfs) ? [issue(at, 'maps the owners of a whole root; leave out the option only')] : []),
    ...(paths.includes('/')
      ? [
          issue(
            at,
            "the host's own tree keeps its owners; choose a root with chroot() or rootfs(), or leave out idmapRoot()",
          ),
        ]
      : []),
  ];
}

function validateNode({ path, major, minor, mode, type }: DeviceNode, at: string): readonly Issue[] {
  // 12 and 20 bits are what the kernel has for them.
  const known = type === 'p' || (isWithin(major, 0xfff) && isWithin(minor, 0xf_ffff));
  return [
    ...validateTarget(`${at}.path`, path),
    ...(known ? [] : [issue(at, `${String(major)}:${String(minor)} is no number of a device`)]),
    ...validateMode(`${at}.mode`, mode),
  ];
}

function isWithin(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

function validateEntry(entry: MountEntry, at: string): readonly Issue[] {
  switch (entry.kind) {
    case 'bind':
      return [
        ...validateHostPath(`${at}.source`, entry.source),
        ...validateTarget(`${at}.target`, entry.target),
        ...validateIdmap(entry, at),
      ];
    case 'filesystem': {
      const texts = (['type', 'source', 'data'] as const).flatMap((field) =>
        parseText(entry[field] ?? '', `the ${field}`).match(
          () => [],
          (message) => [issue(`${at}.${field}`, message)],
        ),
      );
      const type = entry.type === '' ? [issue(`${at}.type`, 'is empty; leave it out for a bind mount')] : [];
      return [...texts, ...type, ...validateTarget(`${at}.target`, entry.target)];
    }
    case 'tmpfs': {
      return [
        ...validateTarget(`${at}.target`, entry.target),
        ...validateSize(`${at}.size`, entry.size),
        ...validateMode(`${at}.mode`, entry.mode),
      ];
    }
    case 'overlay':
    case 'file':
      return [...validateTarget(`${at}.target`, entry.target), ...validateMode(`${at}.mode`, entry.mode)];
    case 'independent':
      return independentNames.includes(entry.name)
        ? validateIndependentOptions(entry, at)
        : [
            issue(
              `${at}.name`,
              `${quote(String(entry.name))} is no filesystem of the kernel; use ${independentNames.join(', ')}`,
            ),
          ];
    case 'nodes':
      return entry.devices.flatMap((node, index) => validateNode(node, `${at}.devices[${String(index)}]`));
    case 'network-etc':
      return validateHostPath(`${at}.hostEtc`, entry.hostEtc);
  }
}

/** The kernel stacks up to 500 lower layers (`OVL_MAX_STACK`). */
const mostLayers = 500;

/** Each keeps a descriptor until it is mounted, and a launcher has 128. */
const mostSelected = 32;

function validateSelection(only: readonly string[] | undefined): readonly Issue[] {
  if (only === undefined) return [];
  const at = `${key}.rootfs.only`;
  if (!Array.isArray(only) || only.length === 0 || only.length > mostSelected) {
    return [issue(at, `must be a list of 1 to ${String(mostSelected)} directories of the root, e.g. ["/usr", "/etc"]`)];
  }
  return only.flatMap((directory: unknown, index) => {
    const here = `${at}[${String(index)}]`;
    if (typeof directory !== 'string') return [issue(here, 'must be a string')];
    if (!/^\/[^/\0]+$/.test(directory) || directory === '/.' || directory === '/..') {
      return [issue(here, `${quote(directory)} is no directory at the top of the root; use one such as "/usr"`)];
    }
    return only.indexOf(directory) === index ? [] : [issue(here, `${quote(directory)} is there twice`)];
  });
}

function validateRoot({ rootfs }: MountsSection): readonly Issue[] {
  if (rootfs === undefined) return [];
  if ('path' in rootfs) {
    return [...validateHostPath(`${key}.rootfs.path`, rootfs.path), ...validateSelection(rootfs.only)];
  }
  const { lower, size, keep } = rootfs.overlay;
  const at = `${key}.rootfs.overlay`;
  return [
    ...(lower.length === 0 || lower.length > mostLayers
      ? [issue(`${at}.lower`, `has ${String(lower.length)} directories; an overlay takes 1 to ${String(mostLayers)}`)]
      : []),
    ...lower.flatMap((path, index) => validateHostPath(`${at}.lower[${String(index)}]`, path)),
    ...validateSize(`${at}.size`, size),
    ...(keep === undefined ? [] : validateHostPath(`${at}.keep`, keep)),
    ...(keep === undefined || size === undefined
      ? []
      : [issue(`${at}.size`, 'a layer that is kept has the size of its disk; leave out one of size and keep')]),
  ];
}

/** Every map that is asked for, with its place in the section. */
function mapsOf({ idmap, entries }: MountsSection): readonly { idmap: MountIdMap; at: string; isRoot: boolean }[] {
  const binds = entries.flatMap((entry, index) =>
    entry.kind === 'bind' && entry.idmap !== undefined
      ? [{ idmap: entry.idmap, at: `${key}.entries[${String(index)}].idmap`, isRoot: false }]
      : [],
  );
  return [...(idmap === undefined ? [] : [{ idmap, at: `${key}.idmap`, isRoot: true }]), ...binds];
}

function validateLxcfs({ lxcfs }: MountsSection, { unshared }: SharedFacts): readonly Issue[] {
  if (lxcfs === undefined) return [];
  const at = `${key}.lxcfs`;
  const own = unshared.includes('mount') ? [] : [issue(at, 'would be mounted on the host; add unshare("mount")')];
  return [...validateHostPath(at, lxcfs), ...own];
}

/** Everything that would change mounts of others without a mount namespace. */
function validateNamespace(section: MountsSection, facts: SharedFacts): readonly Issue[] {
  const { rootfs, entry, readonly, entries, masked = [], readonlyPaths = [] } = section;
  const own = facts.unshared.includes('mount');
  const any = own || facts.entered.includes('mount');
  const remedy = 'add unshare("mount")';
  return [
    ...(any
      ? []
      : entries.map((_, index) =>
          issue(`${key}.entries[${String(index)}]`, `would be mounted on the host; ${remedy}`),
        )),
    ...(any && !own
      ? entries.flatMap((each, index) =>
          each.kind === 'file' || each.kind === 'overlay'
            ? [issue(`${key}.entries[${String(index)}]`, `would change the mount namespace of others; ${remedy}`)]
            : [],
        )
      : []),
    ...mapsOf(section).flatMap(({ idmap, at, isRoot }) => [
      ...(own || !(any || isRoot) ? [] : [issue(at, `an idmapped mount needs a new mount namespace; ${remedy}`)]),
      ...(idmap !== 'container' || facts.unshared.includes('user')
        ? []
        : [issue(at, 'there is no user namespace whose map could be taken; add unshare("user")')]),
    ]),
    ...(own || masked.length === 0
      ? []
      : [issue(`${key}.masked`, `paths can be masked only in a new mount namespace; ${remedy}`)]),
    ...(own || readonlyPaths.length === 0
      ? []
      : [issue(`${key}.readonlyPaths`, `paths can be made read-only only in a new mount namespace; ${remedy}`)]),
    ...(own || rootfs === undefined || 'path' in rootfs
      ? []
      : [issue(`${key}.rootfs.overlay`, `an overlay needs a new mount namespace; ${remedy}`)]),
    ...(own || !isSelected(rootfs)
      ? []
      : [issue(`${key}.rootfs.only`, `directories can be chosen only in a new mount namespace; ${remedy}`)]),
    ...(own || readonly !== true
      ? []
      : [issue(`${key}.readonly`, `a read-only root needs a new mount namespace; ${remedy}`)]),
    ...(own || entry !== 'pivot_root'
      ? []
      : [issue(`${key}.entry`, `pivot_root needs a new mount namespace; ${remedy}`)]),
    ...(rootfs === undefined && (entry !== undefined || readonly !== undefined)
      ? [issue(`${key}.rootfs`, 'there is no root to enter; add chroot(root)')]
      : []),
  ];
}

/** Every problem of the section. */
export function validateSection(section: MountsSection, facts: SharedFacts): readonly Issue[] {
  return [
    ...validateRoot(section),
    ...validateRootMap(section, facts),
    ...validateContents(section),
    ...validateRestricted(section),
    ...validateLxcfs(section, facts),
    ...section.entries.flatMap((entry, index) => validateEntry(entry, `${key}.entries[${String(index)}]`)),
    ...validateNamespace(section, facts),
  ];
}
