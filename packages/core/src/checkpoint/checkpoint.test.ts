/** What is pure about checkpoints: mounts, sources, command lines, logs, and the plan of a restore. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storedHosts } from '@haco/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { haco, orThrow } from '../index.js';
import { lastErrors } from './criu.js';
import type { CheckpointNote } from './image.js';
import { externalMounts, parseMounts } from './live.js';
import { restoreCommand, throughShell } from './restore-command.js';
import { groupIn, sourceOf, type SourceContext } from './sources.js';

const mountinfo = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

describe('mounts of a live container', () => {
  const host = parseMounts(
    mountinfo([
      '20 1 254:0 / / rw - ext4 /dev/vda rw',
      '21 20 0:20 / /proc rw - proc proc rw',
      '22 20 0:21 / /sys rw - sysfs sysfs rw',
      '23 20 0:22 / /tmp rw - tmpfs tmpfs rw',
    ]),
  );

  test('are external when they are the host’s; what is under the root, or has no other place, is not', () => {
    const mounts = parseMounts(
      mountinfo([
        '30 29 254:0 /srv/root / rw - ext4 /dev/vda rw',
        '31 30 0:40 / /proc rw - proc proc rw',
        '32 31 0:40 /sys /proc/sys ro - proc proc rw',
        '33 30 0:21 / /sys ro - sysfs sysfs rw',
        '34 30 0:41 / /scratch rw - tmpfs tmpfs rw',
        '35 30 0:22 / /shared rw - tmpfs tmpfs rw',
        '36 30 254:0 /srv/data /a\\040b ro - ext4 /dev/vda rw',
        '37 30 254:0 /srv/root/etc /etc ro - ext4 /dev/vda rw',
        '38 30 0:42 /file.0 /etc/app.conf ro - tmpfs tmpfs rw',
      ]),
    );
    expect(externalMounts(mounts, host).map(({ target }) => target)).toEqual(['/shared', '/a b', '/etc/app.conf']);
  });
});

describe('sources of mounts', () => {
  const context: SourceContext = {
    mounts: {
      entries: [
        { kind: 'bind', source: '/old', target: '/data' },
        { kind: 'bind', source: '/new', target: '/data/' },
        { kind: 'file', target: '/etc/app.conf', content: { text: 'x' }, mode: 0o600 },
      ],
      masked: ['/secret', '/proc/kcore'],
      lxcfs: '/lx',
    },
    networkEtc: '/run/etc/web',
    externals: { '/given': '/srv/given' },
  };
  const of = (target: string, directory = false) => sourceOf(context, { target, directory, options: [] });

  test('are what the definition says last', () => {
    expect(of('/data')).toEqual({ path: '/new' });
    expect(of('/data/below/it')).toEqual({ path: '/new/below/it' });
    expect(of('/etc/app.conf')).toEqual({ content: Buffer.from('x'), mode: 0o600 });
    expect(of('/secret', true)).toBe('empty-directory');
    expect(of('/proc/kcore')).toEqual({ path: '/dev/null' });
    expect(of('/proc/meminfo')).toEqual({ path: '/lx/proc/meminfo' });
    expect(of('/etc/hosts')).toEqual({ path: '/run/etc/web/hosts' });
    expect(of('/given')).toEqual({ path: '/srv/given' });
    expect(of('/database')).toBeUndefined();
    const asked = { ...context, mounts: { entries: [{ kind: 'network-etc', hostEtc: '/e' }] } } as SourceContext;
    expect(sourceOf(asked, { target: '/etc/hosts', directory: false, options: [] })).toEqual({ path: '/e/hosts' });
  });

  test('are the groups of the container, or those of whoever restores it, for mounts of hierarchies', () => {
    const memory = '/sys/fs/cgroup/memory';
    const at = (groups: Parameters<typeof groupIn>[0], hierarchy: string) =>
      sourceOf(
        { ...context, groupOf: groupIn(groups, storedHosts.v1) },
        { target: '/sys/fs/cgroup/x', directory: true, options: [], hierarchy },
      );
    expect(at([{ version: 1, path: `${memory}/haco/web`, controllers: ['memory'] }], memory)).toEqual({
      path: `${memory}/haco/web`,
    });
    expect(at([], memory)).toEqual({ path: `${memory}/system.slice/ssh.service` });
    expect(at([], '/elsewhere')).toBeUndefined();
  });
});

describe('the call of CRIU', () => {
  const work = mkdtempSync(join(tmpdir(), 'haco-test-criu-'));
  afterAll(() => rmSync(work, { recursive: true }));
  const note: CheckpointNote = {
    version: '1',
    name: 'web',
    at: '',
    net: true,
    cgroup: false,
    mounts: true,
    stdin: { resource: 'file[1:2]', isNull: true },
    stdout: { resource: 'pipe:[5]', isNull: false },
    stderr: { resource: 'pipe:[5]', isNull: false },
    points: [{ target: '/tmp', directory: true }],
    externals: [{ target: '/data', directory: true, options: ['ro', 'nosuid', 'noexec', 'relatime'] }],
  };
  const plan = {
    criu: '/usr/sbin/criu',
    directory: '/saved',
    work,
    note,
    section: { tcpEstablished: true, args: ['--more'] },
    rootfs: '/',
    sources: { mounts: { entries: [{ kind: 'bind', source: '/dev', target: '/data' }] } } as SourceContext,
  };

  test('names each descriptor once, and the root, the network and the mounts', () => {
    const { command, mounts } = orThrow(restoreCommand(plan));
    expect(command.join(' ')).toBe(
      `/usr/sbin/criu restore --images-dir /saved --work-dir ${work} --log-file restore.log --pidfile ${work}/pid ` +
        '--restore-detached --restore-sibling -v4 --manage-cgroups=ignore --file-locks --tcp-established ' +
        '--root / --inherit-fd fd[9]:haco-net --inherit-fd fd[6]:file[1:2] --inherit-fd fd[4]:pipe:[5] ' +
        `--external mnt[/data]:${work}/mount.0 --more`,
    );
    const attributes = { readonly: true, nosuid: true, noexec: true };
    expect(mounts).toEqual([{ source: '/dev', place: `${work}/mount.0`, attributes }]);
    expect(statSync(`${work}/mount.0`).isDirectory()).toBe(true);
    expect(throughShell(['criu'], plan, 77)).toEqual([
      '/bin/sh',
      '-c',
      'exec 3<&0 4>&1 5>&2 6<>/dev/null 9</proc/77/ns/net 0</dev/null 1>/dev/null 2>"$1"; shift; exec "$@"',
      'criu',
      `${work}/errors`,
      'criu',
    ]);
  });

  test('its log is told without times, places and what is harmless, and with the cause that it doesn’t name', () => {
    const log = [
      "(00.035474) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted",
      '(00.05) Warn  (compel/x.c:418): Will restore 12863 with interrupted system call',
      "(00.06) Error (criu/sockets.c:628): sockets: Can't get 1:16 opt: Operation not supported",
      '(00.07) pie: 65: Error (criu/pie/restorer.c:2253): Restorer fail 65',
    ].join('\n');
    expect(lastErrors(log)).toBe(
      "sockets: Can't get 1:16 opt: Operation not supported; Restorer fail 65 (this CRIU is older than the kernel: for sockets, Linux 6.16 and later need CRIU 4.2; name a newer one with HACO_CRIU)",
    );
    expect(lastErrors('')).toBe('');
  });
});

describe('a restore in the plan', () => {
  const web = haco().name('web').unshare('mount', 'pid', 'net').chroot('/srv/root').memory('64MiB').noNewPrivileges();

  test('makes the groups and the network, and leaves the rest to CRIU', () => {
    const plan = orThrow(web.restoreFrom('/saved').explain({ host: storedHosts.v2 }));
    const phases = new Set(plan.steps.map(({ phase }) => phase));
    expect(phases.has('mounts')).toBe(false);
    expect(String(plan)).toContain('CLONE_NEWNET');
    expect(String(plan)).not.toContain('CLONE_NEWPID');
    expect(String(plan)).not.toContain('PR_SET_NO_NEW_PRIVS');
    expect(String(plan)).toContain('memory.max');
    expect(plan.steps.find(({ phase }) => phase === 'exec')?.label).toBe(
      'wait as /bin/sleep, while CRIU restores the processes of /saved beside it',
    );
  });

  test('survives JSON, and says what makes no sense', () => {
    const spec = orThrow(web.restoreFrom('/saved', { externals: { '/a': '/b' }, logLevel: 3, args: ['-x'] }).spec());
    expect(orThrow(orThrow(haco.fromSpec(JSON.parse(JSON.stringify(spec)))).spec())).toEqual(spec);
    const bad = web.restoreFrom('/saved', { logLevel: 7, externals: { a: 'b' } }).spec();
    expect(bad._unsafeUnwrapErr().issues.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'checkpoint.restore.logLevel: 7 is no level; use 1 to 4',
      'checkpoint.restore.externals: "a" is not an absolute path; give the whole one',
      'checkpoint.restore.externals.a: "b" is not an absolute path; give the whole one',
    ]);
    expect(
      web
        .restoreFrom(5 as never)
        .spec()
        ._unsafeUnwrapErr().message,
    ).toContain('must be a string');
    const users = haco().unshare('user').restoreFrom('/saved').explain();
    expect(users._unsafeUnwrapErr().message).toContain('neither saved nor restored');
  });
});
