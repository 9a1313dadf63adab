/** The flags of `checkpoint` and `restore`, which are those of runc, and what CRIU is told for them. */
import { InvalidSpecError, issue, quote, UnsupportedError, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { listOf, valueOf, type Flags, type Values } from './command-line.js';

const refused = 'refused: haco-oci restores at once, from files';

const common = {
  'image-path': { kind: 'value', help: 'directory of the images; ./checkpoint without it' },
  'work-path': { kind: 'value', help: 'directory of the log; that of the images without it' },
  'tcp-established': { kind: 'switch', help: 'keep TCP connections' },
  'tcp-skip-in-flight': { kind: 'switch', help: 'pass over TCP connections that are being made' },
  'ext-unix-sk': { kind: 'switch', help: 'allow unix sockets whose other end is outside' },
  'link-remap': { kind: 'switch', help: 'link files again that are open and have no name any more' },
  'shell-job': { kind: 'switch', help: 'allow a session that began outside' },
  'file-locks': { kind: 'switch', help: 'keep locks of files; as always' },
  'auto-dedup': { kind: 'switch', help: 'remove pages from older images as newer ones have them' },
  'manage-cgroups-mode': { kind: 'value', help: 'ignore, as always: the configuration says what the groups are' },
  'empty-ns': { kind: 'list', help: 'network, as always: the configuration says what it is' },
  'lazy-pages': { kind: 'switch', help: refused },
} as const satisfies Flags;

/** Flags of `checkpoint`. */
export const checkpointFlags = {
  ...common,
  'parent-path': { kind: 'value', help: 'directory of the pre-dump before, as seen from that of the images' },
  'pre-dump': { kind: 'switch', help: 'save the memory only, and let the container go on' },
  'leave-running': { kind: 'switch', help: 'let the container go on' },
  'status-fd': { kind: 'value', help: refused },
  'page-server': { kind: 'value', help: refused },
} as const satisfies Flags;

/** Flags of `restore`, besides those of every command that begins a container. */
export const restoreFlags = {
  ...common,
  detach: { kind: 'switch', short: 'd', help: 'return when it runs' },
  'tcp-close': { kind: 'switch', help: 'close TCP connections' },
  'lsm-profile': { kind: 'value', help: 'profile of AppArmor or SELinux, apparmor:NAME or selinux:NAME' },
  'lsm-mount-context': { kind: 'value', help: 'SELinux context of mounts that have one' },
} as const satisfies Flags;

/** Switches that CRIU has under the same name. */
const switches = ['tcp-skip-in-flight', 'ext-unix-sk', 'link-remap', 'shell-job', 'auto-dedup', 'tcp-close'] as const;
/** Values likewise. */
const values = ['lsm-profile', 'lsm-mount-context'] as const;

/** What is asked for. */
export interface CriuFlags {
  readonly imagePath: string;
  readonly workPath?: string;
  readonly tcpEstablished: boolean;
  /** Further options of CRIU. */
  readonly args: readonly string[];
}

function wrong(flag: string, message: string): HacoError {
  return new InvalidSpecError({ issues: [issue(`--${flag}`, message)] });
}

function unknown(flag: string): HacoError {
  const sentence = `haco-oci has no --${flag}: pages are written to files, and read from there at once; leave it out`;
  return new UnsupportedError({
    feature: `--${flag}`,
    neededFor: 'it',
    since: '',
    remedy: '',
    sentence: `${sentence}.`,
  });
}

/** Read them. Errors: `unsupported`, `invalid-spec`. */
export function readCriuFlags(options: Values): Result<CriuFlags, HacoError> {
  const missing = ['lazy-pages', 'page-server'].find((flag) => options[flag] !== undefined);
  if (missing !== undefined) return err(unknown(missing));
  // Engines write the number that means none.
  if ((valueOf(options, 'status-fd') ?? '-1') !== '-1') return err(unknown('status-fd'));
  const mode = valueOf(options, 'manage-cgroups-mode') ?? 'ignore';
  if (mode !== 'ignore') {
    const why =
      'the groups are made as the configuration says, and CRIU leaves them alone; use "ignore", or leave it out';
    return err(wrong('manage-cgroups-mode', `${quote(mode)} is no mode of haco-oci: ${why}`));
  }
  const kind = listOf(options, 'empty-ns').find((one) => one !== 'network');
  if (kind !== undefined) {
    return err(wrong('empty-ns', `${quote(kind)} can't be made empty, only "network"; leave it out`));
  }
  const workPath = valueOf(options, 'work-path');
  return ok({
    imagePath: valueOf(options, 'image-path') ?? 'checkpoint',
    ...(workPath === undefined ? {} : { workPath }),
    tcpEstablished: options['tcp-established'] === true,
    args: [
      ...switches.flatMap((flag) => (options[flag] === true ? [`--${flag}`] : [])),
      ...values.flatMap((flag) => {
        const value = valueOf(options, flag);
        return value === undefined ? [] : [`--${flag}`, value];
      }),
    ],
  });
}
