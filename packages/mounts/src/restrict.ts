/** Paths that are hidden or made read-only once all mounts are there, and the proof that they are. */
import { flags, slot, syscall, type CompareOperation, type Operation, type Step } from '@haco/plan';
import { planAttributes } from './attributes.js';
import { accessModes, AT_FDCWD, atFlags, moveMountFlags, openTreeFlags, statxFields } from './constants.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';
import { isDevice, planStat } from './stat.js';
import { store } from './contents.js';
import { emptyDirectory, planEmptyMount } from './store.js';
import { asFound, belowPins, findRestricted, holdersOf, type Holders, type Restricted } from './restricted-place.js';
import { planFindDirectory } from './target.js';

const place = 'mounts.target';
const hostNull = '/dev/null';
const seen = { empty: 'mounts.seen.empty', null: 'mounts.seen.null', path: 'mounts.seen' } as const;

/** `/a, /b and 3 more`. */
function list(paths: readonly string[]): string {
  const shown = paths.slice(0, 4).join(', ');
  return paths.length > 4 ? `${shown} and ${String(paths.length - 4)} more` : shown;
}

function attach(): Operation {
  return syscall('move_mount', [
    slot('mounts.new'),
    '',
    slot(place),
    '',
    flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
  ]);
}

/** What is found, with all that is mounted below. */
function copy(): Operation {
  return syscall(
    'open_tree',
    [slot(place), '', flags(openTreeFlags, 'AT_EMPTY_PATH', 'OPEN_TREE_CLONE', 'AT_RECURSIVE', 'OPEN_TREE_CLOEXEC')],
    { save: 'mounts.new' },
  );
}

/** `directory` when the path is one, else `file`. Found anew: "." below a directory would ask for permission to search it. */
function dependingOnType(
  situation: Situation,
  path: string,
  { directory, file }: { readonly directory: readonly Operation[]; readonly file: readonly Operation[] },
): readonly Operation[] {
  const probe = 'mounts.probe';
  return [
    {
      ...planFindDirectory(situation, path, probe),
      tolerate: ['ENOTDIR'],
      skipOnTolerated: directory.length + 1,
    },
    ...directory,
    syscall('close', [slot(probe)], { skipOnSuccess: file.length }),
    ...file,
  ];
}

const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');

function planMask(situation: Situation, masked: Restricted): readonly Operation[] {
  const { path } = masked;
  return findRestricted(situation, masked, [
    ...dependingOnType(situation, path, {
      directory: planEmptyMount(situation, 'mounts.new'),
      file: [syscall('open_tree', [AT_FDCWD, hostNull, clone], { save: 'mounts.new' })],
    }),
    // A device has no content to change, but the mode of the host's must stay as it is.
    ...planAttributes({ mount: 'mounts.new', attributes: { readonly: true }, recursive: false }),
    attach(),
  ]);
}

/** Same inode of the same filesystem. */
function sameAs(out: string, must: string): readonly CompareOperation[] {
  return [
    { op: 'compare', from: seen.path, offset: statxFields.inode, with: { out, size: 8 }, must: `the inode of ${must}` },
    {
      op: 'compare',
      from: seen.path,
      offset: statxFields.rdev,
      with: { out, size: 16 },
      must: `the filesystem of ${must}`,
    },
  ];
}

function planMaskProof(situation: Situation, masked: Restricted): readonly Operation[] {
  const { path } = masked;
  return findRestricted(situation, masked, [
    planStat(slot(place), '', seen.path),
    ...dependingOnType(situation, path, {
      directory: sameAs(seen.empty, 'the empty directory of the store'),
      file: sameAs(seen.null, 'the null device'),
    }),
  ]);
}

function maskSteps(all: readonly string[], situation: Situation, holders: Holders): readonly Step[] {
  // It would hide nothing but what is mounted there on purpose.
  const masked = all.filter((path) => !holders.isOwn(path));
  if (masked.length === 0) return [];
  const places = masked.map((path) => belowPins(holders.place(path, 'pass-over'), holders));
  const from = 'mounts.masked';
  return [
    {
      id: 'mounts.mask',
      phase: 'mounts',
      label: `mask ${list(masked)}`,
      why: 'what programs of the container should not see appears as an empty directory or as the null device; the sources are opened on the host, never in the root (CVE-2025-31133)',
      operations: [
        planStat(slot(store), emptyDirectory, seen.empty),
        planStat(AT_FDCWD, hostNull, seen.null),
        ...isDevice(seen.null, 1, 3),
        ...places.flatMap((each) => planMask(situation, each)),
      ],
      from,
      needs: [situation.mayMount],
      requires: ['open_tree', 'openat2', 'mount_setattr'],
      source: 'open_tree(2)',
    },
    {
      id: 'mounts.masked',
      phase: 'mounts',
      label: `make sure that ${list(masked)} ${masked.length === 1 ? 'is' : 'are'} masked`,
      why: 'a mount that went elsewhere, because somebody exchanged a directory meanwhile, must not pass for a mask (CVE-2025-52881)',
      operations: places.map(asFound).flatMap((each) => planMaskProof(situation, each)),
      from,
      requires: ['openat2'],
      source: 'statx(2)',
      enforces: ['masked'],
    },
  ];
}

function planReadonly(situation: Situation, restricted: Restricted): readonly Operation[] {
  const mount = 'mounts.new';
  return findRestricted(situation, restricted, [
    copy(),
    ...planAttributes({ mount, attributes: { readonly: true }, recursive: true }),
    attach(),
  ]);
}

/** Success would be a failure, and can't be the 1 that is demanded: only a refusal passes. */
function planReadonlyProof(situation: Situation, restricted: Restricted): readonly Operation[] {
  return findRestricted(situation, restricted, [
    syscall('faccessat2', [slot(place), '', flags(accessModes, 'W_OK'), flags(atFlags, 'AT_EMPTY_PATH')], {
      tolerate: ['EROFS', 'EACCES'],
      expect: 1,
    }),
  ]);
}

/** A mount point can be neither renamed nor removed (EBUSY), and takes all that is mounted below along into its copy. */
function planPin(situation: Situation, directory: Restricted): readonly Operation[] {
  return findRestricted(situation, directory, [copy(), attach()]);
}

function pinSteps({ pinned, place }: Holders, situation: Situation, pinsFirst: boolean): readonly Step[] {
  if (pinned.length === 0) return [];
  const paths = pinsFirst ? pinned : [...pinned].reverse();
  const places = paths.map((path) => place(path, 'refuse'));
  return [
    {
      id: 'mounts.pinned',
      phase: 'mounts',
      label: `keep ${list(paths)} in ${paths.length === 1 ? 'its place' : 'their places'}, as ${paths.length === 1 ? 'a mount point' : 'mount points'}`,
      why: 'whoever can rename a directory above a read-only path would put another one in its place',
      operations: places.flatMap((each) => planPin(situation, pinsFirst ? belowPins(each, { pinned }) : each)),
      from: 'mounts.readonlyPaths',
      needs: [situation.mayMount],
      requires: ['open_tree', 'openat2'],
      source: 'rename(2)',
    },
  ];
}

function readonlySteps(
  paths: readonly string[],
  situation: Situation,
  place: (path: string) => Restricted,
): readonly Step[] {
  if (paths.length === 0) return [];
  const from = 'mounts.readonlyPaths';
  const places = paths.map(place);
  return [
    {
      id: 'mounts.readonly-paths',
      phase: 'mounts',
      label: `make ${list(paths)} read-only, with all mounts below`,
      why: 'settings of the kernel that have no namespace would be those of the host',
      operations: places.flatMap((each) => planReadonly(situation, each)),
      from,
      needs: [situation.mayMount],
      requires: ['open_tree', 'openat2', 'mount_setattr'],
      source: 'mount_setattr(2)',
    },
    {
      id: 'mounts.readonly-proof',
      phase: 'mounts',
      label: `make sure that ${list(paths)} can't be written`,
      why: 'only the refusal of a write shows that the mount is where programs will find it',
      operations: places.map(asFound).flatMap((each) => planReadonlyProof(situation, each)),
      from,
      requires: ['openat2'],
      source: 'access(2)',
      enforces: ['readonlyPaths'],
    },
  ];
}

/**
 * The steps: read-only paths first, since what is masked may lie below them. Directories above are pinned before, when the container
 * begins at its root; one that stays where its caller was may be below them already, so there the pins come last, and copy what is
 * read-only: both ways of looking meet it.
 */
export function planRestrictions(section: MountsSection, situation: Situation): readonly Step[] {
  const { rootfs, masked = [], readonlyPaths = [] } = section;
  const holders = holdersOf(section, situation);
  const pinsFirst = rootfs !== undefined;
  const place = (path: string): Restricted => holders.place(path, 'refuse');
  const pins = pinSteps(holders, situation, pinsFirst);
  const readonly = readonlySteps(readonlyPaths, situation, (path) =>
    pinsFirst ? belowPins(place(path), holders) : place(path),
  );
  const restricted = pinsFirst ? [...pins, ...readonly] : [...readonly, ...pins];
  return [...restricted, ...maskSteps(masked, situation, holders)];
}
