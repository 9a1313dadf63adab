/** The verbs at run time: arguments in, changed section out. */
import {
  parseBytes,
  readBoolean,
  Rejected,
  rejected,
  type Issue,
  type Reader,
  type Size,
  type VerbResult,
  type Verbs,
  nothing,
  plain,
} from '@haco/plan';
import type { IndependentName } from './kinds/independent-names.js';
import { defaultLxcfsRoot } from './lxcfs.js';
import type {
  ChrootOptions,
  FileOptions,
  KeptRoot,
  MountMethods,
  MountOptions,
  OverlayOptions,
  ProcfsKind,
  TmpfsOptions,
} from './methods.js';
import { readPropagation, readRootEntry } from './parse.js';
import type { IndependentEntry, MountAttributes, MountEntry, MountIdMap, MountsSection, Rootfs } from './section.js';

type Outcome = VerbResult<MountsSection>;

function add(section: MountsSection, entry: MountEntry): MountsSection {
  return { ...section, entries: [...section.entries, entry] };
}

function nextPath({ entries }: MountsSection): string {
  return `mounts.entries[${String(entries.length)}]`;
}

function attributesOf({ readonly, nosuid, nodev, noexec }: MountAttributes): MountAttributes {
  return {
    ...(readonly === undefined ? {} : { readonly }),
    ...(nosuid === undefined ? {} : { nosuid }),
    ...(nodev === undefined ? {} : { nodev }),
    ...(noexec === undefined ? {} : { noexec }),
  };
}

/** Run `use` with the size in bytes, or refuse it at `path`. */
function withSize(
  size: Size | undefined,
  path: string,
  use: (fields: { readonly size?: number }) => MountsSection,
): Outcome {
  if (size === undefined) return use({});
  return parseBytes(size).match(
    (bytes) => use({ size: bytes }),
    (message) => rejected(path, message) as Outcome,
  );
}

/** Of a value that JavaScript callers may give as anything: what is said of it when it comes from JSON. */
function issuesOf(reader: Reader<unknown>, value: unknown, path: string): readonly Issue[] {
  const issues: Issue[] = [];
  if (value !== undefined) reader(value, path, issues);
  return issues;
}

/** Options that are words of the field's own: one that is neither true nor false would restrict nothing. */
function optionIssues(options: MountOptions, path: string): readonly Issue[] {
  const { readonly, nosuid, nodev, noexec, recursive, propagation } = options;
  const words = { readonly, nosuid, nodev, noexec, recursive };
  return [
    ...Object.entries(words).flatMap(([name, value]) => issuesOf(readBoolean, value, `${path}.${name}`)),
    ...issuesOf(readPropagation, propagation, `${path}.propagation`),
  ];
}

/** The root and what lies over it, as the two forms of the verb say them. */
function layersOf(root: string | KeptRoot, options: ChrootOptions): ChrootOptions['overlay'] {
  return typeof root === 'string' ? options.overlay : { keep: root.keep };
}

function chroot(section: MountsSection, given: string | KeptRoot, options: ChrootOptions = nothing): Outcome {
  const unknown: unknown = given;
  const root = typeof unknown === 'object' && unknown !== null && 'lower' in unknown ? unknown.lower : unknown;
  if (typeof root !== 'string') return rejected('mounts.rootfs.path', 'must be a string, or an overlayRoot()');
  if (given !== root && options.overlay !== undefined) {
    return rejected('mounts.rootfs.overlay', 'this root has a layer of its own; leave out the option overlay');
  }
  const { readonly, mode, only } = options;
  const wrong = [
    ...issuesOf(readRootEntry, mode, 'mounts.entry'),
    ...issuesOf(readBoolean, readonly, 'mounts.readonly'),
  ];
  if (wrong.length > 0) return new Rejected(wrong);
  const { rootfs: _rootfs, entry: _entry, readonly: _readonly, ...rest } = section;
  const enter = (rootfs: Rootfs): MountsSection => ({
    ...rest,
    rootfs,
    ...(mode === undefined ? {} : { entry: mode }),
    ...(readonly === undefined ? {} : { readonly }),
  });
  const overlay = layersOf(given, options) ?? false;
  if (overlay === false) return enter({ path: root, ...(only === undefined ? {} : { only }) });
  if (only !== undefined) {
    return rejected('mounts.rootfs.only', 'takes no overlay over it; lay one over each directory with overlay()');
  }
  if (overlay !== true && 'keep' in overlay) {
    return typeof overlay.keep === 'string'
      ? enter({ overlay: { lower: [root], keep: overlay.keep } })
      : rejected('mounts.rootfs.overlay.keep', 'must be a string');
  }
  const size = overlay === true ? undefined : overlay.size;
  return withSize(size, 'mounts.rootfs.overlay.size', (fields) => enter({ overlay: { lower: [root], ...fields } }));
}

function mount(section: MountsSection, source: string, target: string, options: MountOptions = nothing): Outcome {
  const path = nextPath(section);
  if (typeof source !== 'string') return rejected(`${path}.source`, 'must be a string');
  if (typeof target !== 'string') return rejected(`${path}.target`, 'must be a string');
  const wrong = optionIssues(options, path);
  if (wrong.length > 0) return new Rejected(wrong);
  const { type, data, recursive, propagation, idmap } = options;
  const attributes = attributesOf(options);
  if (type !== undefined) {
    return recursive === undefined && idmap === undefined
      ? add(section, {
          kind: 'filesystem',
          type,
          source,
          target,
          ...(data === undefined ? {} : { data }),
          ...(propagation === undefined ? {} : { propagation }),
          ...attributes,
        })
      : rejected(path, 'recursive and idmap are for bind mounts; leave out type');
  }
  if (data !== undefined) return rejected(`${path}.data`, 'a bind mount takes no data; say which type to mount');
  return add(section, {
    kind: 'bind',
    source,
    target,
    ...(recursive === undefined ? {} : { recursive }),
    ...(propagation === undefined ? {} : { propagation }),
    ...(idmap === undefined ? {} : { idmap }),
    ...attributes,
  });
}

function tmpfs(section: MountsSection, target: string, options: TmpfsOptions = nothing): Outcome {
  const path = nextPath(section);
  if (typeof target !== 'string') return rejected(`${path}.target`, 'must be a string');
  const wrong = optionIssues(options, path);
  if (wrong.length > 0) return new Rejected(wrong);
  const { size, mode } = options;
  return withSize(size, `${path}.size`, (fields) =>
    add(section, {
      kind: 'tmpfs',
      target,
      ...fields,
      ...(mode === undefined ? {} : { mode }),
      nosuid: true,
      nodev: true,
      ...attributesOf(options),
    }),
  );
}

function independent(section: MountsSection, ...kinds: readonly (IndependentName | ProcfsKind)[]): Outcome {
  if (kinds.length === 0) return rejected(nextPath(section), 'names no filesystem, e.g. independent("procfs")');
  return kinds.reduce<MountsSection>((before, kind) => {
    const { name, subset, hidepid }: ProcfsKind | { name: IndependentName; subset?: never; hidepid?: never } = plain(
      typeof kind === 'string' ? { name: kind } : kind,
    );
    const entry: IndependentEntry = {
      kind: 'independent',
      name,
      ...(subset === undefined ? {} : { subset }),
      ...(hidepid === undefined ? {} : { hidepid }),
    };
    const at = before.entries.findIndex((known) => known.kind === 'independent' && known.name === name);
    if (at === -1) return add(before, entry);
    // The name alone asks for nothing more than is there.
    return typeof kind === 'string' ? before : { ...before, entries: before.entries.with(at, entry) };
  }, section);
}

function overlay(section: MountsSection, target: string, options: OverlayOptions = nothing): Outcome {
  if (typeof target !== 'string') return rejected(`${nextPath(section)}.target`, 'must be a string');
  const { mode, optional } = options;
  return add(section, {
    kind: 'overlay',
    target,
    ...(mode === undefined ? {} : { mode }),
    ...(optional === undefined ? {} : { optional }),
  });
}

function file(
  section: MountsSection,
  target: string,
  content: string | Uint8Array,
  options: FileOptions = nothing,
): Outcome {
  const path = nextPath(section);
  if (typeof target !== 'string') return rejected(`${path}.target`, 'must be a string');
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
    return rejected(`${path}.content`, 'must be a string or bytes');
  }
  const { mode } = options;
  return add(section, {
    kind: 'file',
    target,
    content: typeof content === 'string' ? { text: content } : { base64: Buffer.from(content).toString('base64') },
    ...(mode === undefined ? {} : { mode }),
  });
}

function mask(section: MountsSection, ...paths: readonly string[]): Outcome {
  if (paths.length === 0) return rejected('mounts.masked', 'names no path, e.g. mask("/proc/kcore")');
  return { ...section, masked: [...new Set([...(section.masked ?? []), ...paths])] };
}

function readonlyPaths(section: MountsSection, ...paths: readonly string[]): Outcome {
  if (paths.length === 0) return rejected('mounts.readonlyPaths', 'names no path, e.g. readonlyPaths("/proc/sys")');
  return { ...section, readonlyPaths: [...new Set([...(section.readonlyPaths ?? []), ...paths])] };
}

function networkEtc(section: MountsSection, hostEtc = '/etc'): Outcome {
  return typeof hostEtc === 'string'
    ? add(section, { kind: 'network-etc', hostEtc })
    : rejected(`${nextPath(section)}.hostEtc`, 'must be a string');
}

function idmapRoot(section: MountsSection, idmap: MountIdMap = 'container'): Outcome {
  const given: unknown = idmap;
  const isMap =
    given === 'container' ||
    (typeof given === 'object' && given !== null && typeof Reflect.get(given, 'userNamespace') === 'string');
  return isMap
    ? { ...section, idmap }
    : rejected('mounts.idmap', 'must be "container", or { userNamespace: "/proc/<pid>/ns/user" }');
}

function lxcfs(section: MountsSection, root = defaultLxcfsRoot): Outcome {
  if (typeof root !== 'string') return rejected('mounts.lxcfs', 'must be a string');
  const withProcfs = independent(section, 'procfs');
  return withProcfs instanceof Rejected ? withProcfs : { ...withProcfs, lxcfs: root };
}

export const verbs: Verbs<MountsSection, MountMethods> = {
  chroot,
  idmapRoot,
  mount,
  tmpfs,
  independent,
  overlay,
  file,
  mask,
  readonlyPaths,
  networkEtc,
  lxcfs,
};
