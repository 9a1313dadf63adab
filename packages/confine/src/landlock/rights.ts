/** What Landlock can restrict: the kernel's access rights, since which ABI each is known, and the words that stand for several. */
import { flags, type Flags } from '@haco/plan';

interface Right {
  readonly bit: number;
  /** The first ABI that knows it. */
  readonly abi: number;
  /** Whether it makes sense for what is no directory; the kernel refuses the others there (EINVAL). */
  readonly ofFiles: boolean;
}

function right(bit: number, abi: number, ofFiles = false): Right {
  return { bit, abi, ofFiles };
}

/** LANDLOCK_ACCESS_FS_* of linux/landlock.h, in lower case. */
export const fsRights = {
  execute: right(0, 1, true),
  write_file: right(1, 1, true),
  read_file: right(2, 1, true),
  read_dir: right(3, 1),
  remove_dir: right(4, 1),
  remove_file: right(5, 1),
  make_char: right(6, 1),
  make_dir: right(7, 1),
  make_reg: right(8, 1),
  make_sock: right(9, 1),
  make_fifo: right(10, 1),
  make_block: right(11, 1),
  make_sym: right(12, 1),
  refer: right(13, 2),
  truncate: right(14, 3, true),
  ioctl_dev: right(15, 5, true),
} as const satisfies Readonly<Record<string, Right>>;

/** An access right to files, as the kernel names it. */
export type FsRight = keyof typeof fsRights;

export const fsRightNames = Object.keys(fsRights) as readonly FsRight[];

/** Kernels in which the ABIs came. */
export const abiSince: Readonly<Record<number, string>> = {
  1: '5.13',
  2: '5.19',
  3: '6.2',
  4: '6.7',
  5: '6.10',
  6: '6.12',
};

/** ABI of rules for TCP ports. */
export const netAbi = 4;
/** ABI of scopes. */
export const scopeAbi = 6;

/** LANDLOCK_ACCESS_NET_*. */
export const netRights = { LANDLOCK_ACCESS_NET_BIND_TCP: 1, LANDLOCK_ACCESS_NET_CONNECT_TCP: 2 } as const;

/** LANDLOCK_SCOPE_* of linux/landlock.h. */
export const scopes = {
  'abstract-unix-socket': { flag: 'LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET', value: 1 },
  signal: { flag: 'LANDLOCK_SCOPE_SIGNAL', value: 2 },
} as const;

/** What can't reach out of the container: connections to abstract Unix sockets made outside, signals to processes outside. */
export type LandlockScope = keyof typeof scopes;

export const scopeNames = Object.keys(scopes) as readonly LandlockScope[];

const read = ['read_file', 'read_dir'] as const;

/**
 * The words for what most people mean.
 *
 * | word | allows below its paths |
 * | --- | --- |
 * | `read` | to read files and to list directories |
 * | `execute` | that, and to execute programs |
 * | `write` | to read, write, truncate, create, remove, link and rename files, directories, links, fifos and sockets |
 * | `device` | to read and write files and to control devices (ioctl) |
 */
export const fsWords = {
  read,
  execute: [...read, 'execute'],
  write: [
    ...read,
    'write_file',
    'truncate',
    'refer',
    'make_reg',
    'make_dir',
    'make_sym',
    'make_fifo',
    'make_sock',
    'remove_file',
    'remove_dir',
  ],
  device: ['read_file', 'write_file', 'ioctl_dev'],
} as const satisfies Readonly<Record<string, readonly FsRight[]>>;

/** One of the words for several rights. */
export type FsWord = keyof typeof fsWords;

export const fsWordNames = Object.keys(fsWords) as readonly FsWord[];

/** A mask of rights as far as an ABI knows them. */
export function fsMask(rights: Iterable<FsRight>, abi: number): Flags {
  const known = new Set([...rights].filter((name) => fsRights[name].abi <= abi));
  const table = Object.fromEntries(
    fsRightNames.map((name) => [`LANDLOCK_ACCESS_FS_${name.toUpperCase()}`, 2 ** fsRights[name].bit]),
  );
  return flags(
    table,
    ...fsRightNames.filter((name) => known.has(name)).map((name) => `LANDLOCK_ACCESS_FS_${name.toUpperCase()}`),
  );
}
