/** A container as Docker describes it is the same under haco, runc and crun: who it is, what it holds, and what it can see and write. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { dockerMaskedPaths, dockerReadonlyPaths } from '@haco/mounts';
import { describeWith, expectNothingLeft, makeRootfs, runCommand, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What Docker leaves to a container. */
const capabilities =
  'audit_write chown dac_override fowner fsetid kill mknod net_bind_service net_raw setfcap setgid setpcap setuid sys_chroot'.split(
    ' ',
  );

/**
 * As `capsh --print` tells it, from the kernel itself; then for each path whether it is there, what can be read of it, and what
 * becomes of a write; then the devices.
 */
const script = `
grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigBlk|SigIgn)' /proc/self/status
for path in ${[...dockerMaskedPaths, ...dockerReadonlyPaths].join(' ')}; do
  if [ -d $path ]; then
    echo "$path directory $(ls -A $path | wc -l | sed 's/[1-9][0-9]*/some/')"
    if touch $path/x 2>/dev/null; then echo "$path written"; else echo "$path not written"; fi
  elif [ -e $path ]; then
    echo "$path $(stat -c %F $path) $(head -c 16 $path 2>/dev/null | wc -c)"
    # Nothing is written: opening alone tells.
    if (: >>$path) 2>/dev/null; then echo "$path opened"; else echo "$path not opened"; fi
  else
    echo "$path absent"
  fi
done
for name in null zero full random urandom tty; do stat -c '%n %F %t:%T %a' /dev/$name; done
for name in fd stdin stdout stderr ptmx; do echo "$name $(readlink /dev/$name)"; done
(: >/proc/sys/kernel/hostname) 2>/dev/null && echo 'hostname written'
hostname; pwd; umask; ulimit -c >/dev/null; id
`;

describeWith(['root', 'probe', 'busybox', 'seccomp'], "Docker's container", () => {
  let rootfs: TestRootfs;

  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    mkdirSync(rootfs.inside('/sys'), { recursive: true });
    await orThrow(haco().command('/bin/true').run());
  });
  afterAll(() => rootfs.remove());

  function bundle(): string {
    const caps = capabilities.map((name) => `CAP_${name.toUpperCase()}`);
    const directory = join(rootfs.path, 'bundle');
    mkdirSync(directory, { recursive: true });
    const config = {
      ociVersion: '1.0.2',
      process: {
        user: { uid: 0, gid: 0 },
        args: ['/bin/sh', '-c', script],
        env: ['PATH=/bin'],
        cwd: '/',
        capabilities: { bounding: caps, effective: caps, permitted: caps },
        noNewPrivileges: true,
      },
      root: { path: rootfs.path },
      hostname: 'same',
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
        { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666'] },
        { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      ],
      linux: {
        namespaces: ['pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type })),
        maskedPaths: dockerMaskedPaths,
        readonlyPaths: dockerReadonlyPaths,
      },
    };
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
    return directory;
  }

  async function own(masked = true): Promise<readonly string[]> {
    const { stdout } = await expectNothingLeft(() =>
      orThrow(
        haco()
          .unshare('pid', 'mount', 'ipc', 'uts', 'net')
          .hostname('same')
          .chroot(rootfs.path)
          .independent('procfs', 'dev', 'sysfs')
          .when(masked, (builder) => builder.mask(...dockerMaskedPaths).readonlyPaths(...dockerReadonlyPaths))
          .caps('docker')
          .noNewPrivileges()
          .env({ PATH: '/bin' })
          .command('/bin/sh', '-c', script)
          .run(),
      ),
    );
    return stdout.trim().split('\n');
  }

  async function foreign(runtime: 'runc' | 'crun'): Promise<readonly string[]> {
    const directory = bundle();
    const name = `haco-test-${runtime}-${String(process.pid)}`;
    // Cgroups are not what is compared, and crun knows none of hybrid hosts.
    const script = `mount -t tmpfs none /sys/fs/cgroup && exec crun --cgroup-manager=disabled run -b ${directory} ${name}`;
    const command =
      runtime === 'crun'
        ? ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
        : ['runc', 'run', '-b', directory, name];
    const { stdout, stderr, exitCode } = await runCommand(command);
    expect([stderr, exitCode]).toEqual(['', 0]);
    return stdout.trim().split('\n');
  }

  test('holds what Docker leaves to it, and none of the masked paths tells anything', async () => {
    const lines = await own();
    const effective = BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(lines.join('\n'))?.[1] ?? '0'}`);
    expect([...effective.toString(2)].filter((bit) => bit === '1')).toHaveLength(capabilities.length);
    expect(lines).toContain('NoNewPrivs:\t1');
    expect(lines).toContain('CapInh:\t0000000000000000');
    expect(lines).toContain('/proc/timer_list character special file 0');
    expect(lines.filter((line) => / (?<!not )written$/.test(line))).toEqual([]);
    // The script does see what is there, and does write where it may.
    const open = await own(false);
    expect(open).toContainEqual(expect.stringMatching(/^\/proc\/timer_list regular .*file 16$/));
    expect(open).toContain('hostname written');
  });

  describe.each(['runc', 'crun'] as const)('%s', (runtime) => {
    describeWith([`tool:${runtime}`], 'with the same config.json', () => {
      test('is the same to itself', async () => {
        expect(await own()).toEqual(await foreign(runtime));
      });
    });
  });
});
