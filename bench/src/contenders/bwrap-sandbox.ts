/** What sandbox() protects, put together with bubblewrap, a shell and the cgroup files: all that it takes there. */
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { orThrow, sandbox, type Operation } from '@haco/core';
import { hierarchiesOf, type CgroupsSection } from '@haco/cgroups';
import { dockerMaskedPaths } from '@haco/mounts';
import { probeHost } from '@haco/sys';
import { findProgram } from '../find-program.js';
import type { Contender, StagePaths } from './contender.js';
import { spawnToEnd } from './spawn.js';

const limits: Readonly<Record<string, readonly (readonly [file: string, value: string])[]>> = {
  cpu: [['cpu.cfs_quota_us', '100000']],
  memory: [['memory.limit_in_bytes', '536870912']],
  pids: [['pids.max', '256']],
};

/** The program of the profile `default`, as bwrap takes it. */
function filterOf(operations: readonly Operation[]): Buffer | undefined {
  const text = /"name":"filter","type":"u64","value":\{"bytes":"([^"]+)"\}/.exec(JSON.stringify(operations))?.[1];
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}

/** Directories become empty and read-only, files become /dev/null. */
function masks(root: string): readonly string[] {
  const below = (path: string): boolean => existsSync(join(root, path));
  const directories = ['/boot', '/home', '/media', '/mnt', '/root', '/run', '/srv', '/sys'].filter(below);
  const masked = dockerMaskedPaths.filter((path) => path.startsWith('/proc/') && existsSync(path));
  const isDirectory = (path: string): boolean => statSync(path).isDirectory();
  const files = masked.filter((path) => !isDirectory(path));
  return [
    ...[...directories, ...masked.filter(isDirectory)].flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
    ...files.flatMap((path) => ['--ro-bind', '/dev/null', path]),
  ];
}

/** bwrap may end a moment before its first process inside has left the group. */
async function removeWhenEmpty(path: string): Promise<void> {
  for (;;) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Only where the limits are of cgroup v1: there the shell that becomes bwrap can enter the groups as cheaply as haco does. */
export function bwrapSandbox({ root, state }: StagePaths): Contender | undefined {
  const program = findProgram('bwrap');
  const spec = orThrow(sandbox().chroot(root, { readonly: true }).command('/bin/true').spec());
  const hierarchies = hierarchiesOf(spec['cgroups'] as CgroupsSection, probeHost());
  if (program === undefined || hierarchies.length !== 3 || hierarchies.some(({ version }) => version !== 1)) return;
  const { steps } = orThrow(sandbox().chroot(root, { readonly: true }).command('/bin/true').explain());
  const filter = filterOf(steps.flatMap(({ operations }) => operations));
  if (filter === undefined) return;
  const filterFile = join(state, 'filter.bpf');
  writeFileSync(filterFile, filter);
  const groups = hierarchies.map(({ id, base }) => ({
    id,
    path: join(base, `haco-bench-bwrap-${String(process.pid)}`),
  }));
  const script = [
    `exec 3<${filterFile}`,
    ...groups.map(({ path }) => `echo 0 >${path}/tasks`),
    `ulimit -c 0`,
    'exec "$@"',
  ].join(' && ');
  const args = [
    ...[
      '-c',
      script,
      'sh',
      program,
      '--unshare-all',
      '--unshare-user',
      '--ro-bind',
      root,
      '/',
      '--proc',
      '/proc',
      '--dev',
      '/dev',
    ],
    ...['--tmpfs', '/tmp', ...masks(root), '--cap-drop', 'ALL', '--die-with-parent', '--new-session', '--clearenv'],
    ...['--setenv', 'HOME', '/tmp', '--seccomp', '3', '--', '/bin/true'],
  ];
  return {
    id: 'bwrap-sandbox',
    label: 'bwrap: what sandbox() protects, but Landlock',
    group: 'tool',
    start: async () => {
      for (const { id, path } of groups) {
        mkdirSync(path);
        for (const [file, value] of limits[id] ?? []) writeFileSync(join(path, file), value);
      }
      try {
        await spawnToEnd('/bin/sh', args);
      } finally {
        for (const { path } of groups) await removeWhenEmpty(path);
      }
      return undefined;
    },
  };
}
