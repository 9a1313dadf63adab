/** `spec`: write a configuration to begin with. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConflictError, dockerMaskedPaths, dockerReadonlyPaths, IoError } from '@haco/core';
import { err, ok } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { specVersion } from '../spec-version.js';
import type { Run } from './command.js';

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

const mount = (destination: string, type: string, source: string, ...options: readonly string[]) => ({
  destination,
  type,
  source,
  ...(options.length === 0 ? {} : { options }),
});

/** The same as of other runtimes: a shell in a root that can't be changed. */
export function defaultConfig(rootless: boolean): object {
  const { geteuid, getegid } = process;
  const ids = (own: (() => number) | undefined) => [{ containerID: 0, hostID: own?.() ?? 0, size: 1 }];
  const pts = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...(rootless ? [] : ['gid=5'])];
  return {
    ociVersion: specVersion,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'haco',
    mounts: [
      mount('/proc', 'proc', 'proc'),
      mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
      mount('/dev/pts', 'devpts', 'devpts', ...pts),
      mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
      mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
      mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'),
      ...(rootless ? [] : [mount('/sys/fs/cgroup', 'cgroup', 'cgroup', 'nosuid', 'noexec', 'nodev', 'relatime', 'ro')]),
    ],
    linux: {
      ...(rootless ? { uidMappings: ids(geteuid?.bind(process)), gidMappings: ids(getegid?.bind(process)) } : {}),
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', ...(rootless ? ['user'] : [])].map((type) => ({
        type,
      })),
      maskedPaths: dockerMaskedPaths,
      readonlyPaths: dockerReadonlyPaths,
    },
  };
}

export const run: Run = ({ options }) => {
  const path = join(valueOf(options, 'bundle') ?? '.', 'config.json');
  try {
    writeFileSync(path, `${JSON.stringify(defaultConfig(options['rootless'] === true), undefined, 2)}\n`, {
      flag: 'wx',
    });
    return Promise.resolve(ok(0));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    if (errno === 'EEXIST') {
      return Promise.resolve(
        err(new ConflictError({ what: 'file', subject: path, remedy: 'it already exists, remove it first' })),
      );
    }
    return Promise.resolve(
      err(new IoError({ what: 'write', path, errno, hint: 'give a directory that can be written to with --bundle' })),
    );
  }
};
