/** Root filesystems of strangers, and commands inside them: no network, nothing of the host but its kernel, gone with the last process. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand, type Finished } from '@haco/testkit';
import { inject } from 'vitest';
import { snippetRoot } from './readme.ts';

const kept = fileURLToPath(new URL('../../node_modules/.haco-package-cache', import.meta.url));
const registration = '/usr/lib/binfmt.d/qemu-aarch64.conf';

/** What of Debian is unpacked; Node itself needs the libraries. */
const libraries = ['libc6', 'libstdc++6', 'libatomic1', 'libseccomp2'];

export interface RootOptions {
  readonly directory: string;
  readonly arch: 'amd64' | 'arm64';
}

/** A Debian root in `directory`, from packages; kept as an archive, since packages of a release hardly change. */
export function makeDebianRoot({ directory, arch }: RootOptions): void {
  // Of another processor nothing can be run while packages are configured, so its packages are only unpacked.
  const [variant, packages] =
    arch === 'amd64' ? ['essential', ['mount', ...libraries]] : ['extract', ['dash', 'coreutils', ...libraries]];
  const options = [`--variant=${variant}`, `--architectures=${arch}`, `--include=${packages.join(',')}`, '--quiet'];
  const archive = join(kept, `debian-${createHash('sha256').update(options.join(' ')).digest('hex').slice(0, 8)}.tar`);
  if (!existsSync(archive)) {
    mkdirSync(kept, { recursive: true });
    const temporary = `${archive}.${String(process.pid)}.tar`;
    execFileSync('mmdebstrap', ['--mode=root', ...options, 'bookworm', temporary], { stdio: 'pipe', timeout: 150_000 });
    renameSync(temporary, archive);
  }
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['--extract', '--file', archive, '--directory', directory, '--exclude=./dev/*']);
}

export interface Inside {
  readonly root: string;
  /** Files and directories of the host by the places where they are seen inside. */
  readonly binds: Readonly<Record<string, string>>;
  readonly script: string;
  /** Run what is made for arm64 by qemu's user mode, which is registered for this command alone. */
  readonly emulate?: boolean;
  readonly timeoutMs: number;
}

/**
 * A shell's script in there. Mounts are made in a namespace of its own, and the first process of the pid namespace takes all others with
 * it. The emulator is registered in a user namespace of its own (Linux 6.7): the host's own binfmt_misc stays as it is.
 */
export function runInside({ root, binds, script, emulate = false, timeoutMs }: Inside): Promise<Finished> {
  const mounts = [
    // As on every machine; there is nobody else in this network.
    'ip link set lo up',
    // A mount of its own, as the root of a machine is; below a plain chroot nobody could make a mount namespace private.
    `mount --bind ${root} ${root}`,
    ...['dev', 'sys'].map((name) => `mkdir -p ${root}/${name}; mount --rbind /${name} ${root}/${name}`),
    `mkdir -p ${root}/proc ${root}/tmp; mount -t proc proc ${root}/proc`,
    ...Object.entries(binds).map(([inside, outside]) => {
      const make = outside === '/' || !isFile(outside) ? 'mkdir -p' : 'touch';
      return `mkdir -p ${root}${dirname(inside)}; ${make} ${root}${inside}; mount --bind ${outside} ${root}${inside}`;
    }),
  ];
  const register = emulate
    ? [
        'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc',
        `cat ${registration} > /proc/sys/fs/binfmt_misc/register`,
      ]
    : [];
  const env = ['PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', 'HOME=/root', `HACO_SCRIPT=${script}`];
  const enter = `exec chroot ${root} /usr/bin/env -i "$@" /bin/sh -ec 'eval "$HACO_SCRIPT"'`;
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--net', '--propagation=private'];
  return runCommand(
    [
      'unshare',
      ...(emulate ? ['--user', '--map-root-user'] : []),
      ...namespaces,
      '--',
      ...['sh', '-ec', ['umask 022', ...register, ...mounts, enter].join('\n'), 'sh', ...env],
    ],
    { timeoutMs },
  );
}

/** In a project there. */
export const offlineInstall =
  'node /opt/npm/bin/npm-cli.js install --offline --loglevel=error --no-audit --no-fund --cache /opt/cache';

/** What a stranger finds there: one Node, npm with what it has fetched before, the tarballs, and a project of theirs. */
export function strangersBinds(node: string, project: string, root: string): Inside['binds'] {
  return {
    '/usr/local/bin/node': node,
    '/opt/npm': npmDirectory(),
    '/opt/cache': inject('npmCache'),
    '/opt/tarballs': inject('tarballs'),
    '/root/project': project,
    // The root that the README's snippet names: this one.
    [snippetRoot]: root,
  };
}

const isFile = (path: string): boolean =>
  !path.endsWith('/') && execFileSync('stat', ['-Lc%F', path], { encoding: 'utf8' }).includes('file');

/** npm of this machine, as a directory. */
export function npmDirectory(): string {
  const program = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  return dirname(dirname(realpathSync(program)));
}
