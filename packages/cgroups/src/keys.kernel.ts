/** Raw keys on the real kernel: those of haconiwa on v1, any file on v2, and what depends on the machine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { haco, orThrow } from '@haco/core';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { expect, test } from 'vitest';
import type { GroupEvent } from './host/events/events.js';
import type { Resources } from './index.js';
import { hierarchiesOf } from './hierarchy.js';
import type { CgroupsSection } from './section.js';
import { verbs } from './verbs.js';

/** Where the group of a container is, in the one hierarchy that this section needs. */
function groupOf(name: string, section: CgroupsSection): string {
  return `${hierarchiesOf(section, probeHost())[0]?.base ?? ''}/haco/${name}`;
}

/** What a container finds in a file of its group. */
async function found(key: string, value: string | number | boolean, file = key): Promise<string> {
  const group = groupOf('haco-test-key', { keys: { [key]: String(value) } });
  const outcome = await orThrow(
    haco().name('haco-test-key').cgroup(key, value).command('/bin/cat', `${group}/${file}`).run(),
  );
  expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0, enforced: { [key]: 'enforced' } });
  return outcome.stdout.trim();
}

const [name = ''] = readdirSync('/sys/block').filter((one) => !one.startsWith('loop'));
const disk = name === '' ? '' : readFileSync(`/sys/block/${name}/dev`, 'utf8').trim();

describeWith(['cgroup1', 'root', 'controller:cpu', 'controller:blkio', 'controller:memory'], 'keys of haconiwa', () => {
  test.each<[key: string, value: string | number | boolean, held?: string | RegExp]>([
    ['cpu.shares', 512],
    ['cpu.cfs_period_us', 50_000],
    ['cpu.cfs_quota_us', 20_000],
    ['cpu.rt_period_us', 500_000],
    ['cpu.rt_runtime_us', 1000],
    ['cpuacct.usage', 0, /^\d+$/],
    ['cpuset.cpus', '0'],
    ['cpuset.mems', '0'],
    ['blkio.throttle.read_bps_device', `${disk} 10485760`],
    ['blkio.throttle.write_bps_device', `${disk} 10485760`],
    ['blkio.throttle.read_iops_device', `${disk} 1000`],
    ['blkio.throttle.write_iops_device', `${disk} 1000`],
    ['memory.limit_in_bytes', 67_108_864],
    ['memory.memsw.limit_in_bytes', 67_108_864],
    ['memory.oom_control', true, /^oom_kill_disable 1$/m],
    ['pids.max', 10],
  ])('%s takes %s', async (key, value, expected?: string | RegExp) => {
    const held = expected ?? String(value);
    const text = await found(key, value);
    if (typeof held === 'string') expect(text).toBe(held);
    else expect(text).toMatch(held);
  });
});

describeWith(['root', 'pure-cgroup2', 'controller:cpu', 'controller:memory', 'controller:pids'], 'files of v2', () => {
  test.each([
    ['cpu.max', '20000 50000'],
    ['cpu.weight', 50],
    ['cpu.idle', 1],
    ['memory.max', 67_108_864],
    ['memory.high', 33_554_432],
    ['memory.low', 4096],
    ['memory.min', 4096],
    ['memory.swap.max', 0],
    ['memory.swap.high', 4096],
    ['memory.oom.group', 1],
    ['pids.max', 'max'],
    ['cgroup.max.depth', 3],
    ['cgroup.max.descendants', 4],
  ])('%s takes %s', async (key, value) => {
    expect(await found(key, value)).toBe(String(value));
  });
});

describeWith(['root', 'probe', 'controller:memory'], 'what memory.cgroup.event_control was for', () => {
  test('the key takes descriptors, which mean nothing in a spec: events() registers its own', async () => {
    const refused = haco().cgroup('memory.cgroup.event_control', '5 6').command('/bin/true').explain();
    expect(refused._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: cgroups.keys["memory.cgroup.event_control"]: "memory.cgroup.event_control" can\'t be set: it takes the numbers of open descriptors, which mean nothing in a spec; start() the container and take its events(), which register what they need.',
    );
    await using container = await orThrow(
      haco().memory('24MiB').cgroup('memory.swap.max', 0).sh(`read go; ${probePath()} hog 200; sleep 60`).start(),
    );
    const events = orThrow(container.events({ signal: AbortSignal.timeout(20_000) }));
    const seen: GroupEvent['type'][] = [];
    container.stdin?.end('go\n');
    for await (const { type } of events) {
      seen.push(type);
      if (type === 'oom-kill') break;
    }
    expect(seen).toContain('oom-kill');
    container.kill('SIGKILL')._unsafeUnwrap();
    expect(await orThrow(container.wait())).toMatchObject({ reason: 'oom' });
  });
});

// Hosts that have them mount them apart: done here for one program, in a mount namespace of its own.
const unmounted = ['net_cls', 'net_prio', 'perf_event'].filter(
  (controller) => !Object.hasOwn(probeHost().cgroups.v1, controller),
);
const inKernel = readFileSync('/proc/cgroups', 'utf8');

const mountable = unmounted.length === 3 && unmounted.every((name) => inKernel.includes(`${name}\t`));

/** Names of the hierarchies that the kernel has, mounted or not. */
const hierarchies = (): readonly string[] => readFileSync('/proc/self/cgroup', 'utf8').match(/:.*:/g)?.sort() ?? [];

/** The kernel keeps a hierarchy whose last group was still being taken apart when it was unmounted: until it is mounted once more. */
function forgetHierarchies(place: string, before: readonly string[]): void {
  const again = `
    for times in 1 2 3 4 5 6 7 8 9 10; do
      for names in net_cls,net_prio perf_event; do mount -t cgroup -o $names none "$1"; umount "$1"; done
      sleep 0.2
      test $(wc -l </proc/self/cgroup) = $2 && break
    done`;
  const inside = ['--mount', '--propagation', 'private', '/bin/sh', '-c', again, 'sh', place, String(before.length)];
  spawnSync('unshare', inside);
}

// Where they are mounted, or not there at all, the tests of what only some machines have show it.
if (mountable)
  describeWith(['cgroup1', 'root'], 'controllers that exist on v1 only', () => {
    test('mark what a container sends, and count it in a group of its own', { timeout: 60_000 }, async () => {
      const script = `
        import { readFileSync } from 'node:fs';
        import { haco, orThrow } from ${JSON.stringify(fileURLToPath(import.meta.resolve('@haco/core')))};
        const [, net, perf] = process.argv;
        const container = await orThrow(haco().name('haco-test-net')
          .resources({ netCls: { classid: 0x100001 }, netPrio: { lo: 3 }, perfEvent: true }).sh('read go').start());
        const read = (file) => readFileSync(net + '/haco/haco-test-net/' + file, 'utf8');
        console.log(read('net_cls.classid').trim(), /^lo 3$/m.exec(read('net_prio.ifpriomap'))?.[0]);
        console.log(readFileSync('/proc/' + container.pid + '/cgroup', 'utf8').match(/(net_cls|perf_event).*haco-test-net$/gm)?.length);
        container.stdin.end('go\\n');
        console.log(JSON.stringify((await orThrow(container.wait())).enforced));`;
      const mount =
        'mount -t cgroup -o net_cls,net_prio none "$1" && mount -t cgroup -o perf_event none "$2" && shift 2 && exec "$@"';
      const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')];
      await expectNothingLeft(() => {
        const [net, perf] = ['net', 'perf'].map((name) => mkdtempSync(join(tmpdir(), `haco-test-${name}-`)));
        const places = [net ?? '', perf ?? ''];
        const before = hierarchies();
        const { stdout, stderr } = spawnSync(
          'unshare',
          [
            ...['--mount', '--propagation', 'private', '/bin/sh', '-c', mount, 'sh', ...places],
            ...[...node, '--input-type=module', '-e', script, ...places],
          ],
          { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8' },
        );
        forgetHierarchies(net ?? '', before);
        for (const place of places) rmdirSync(place);
        expect(hierarchies()).toEqual(before);
        expect(stderr).toBe('');
        // A group of perf_event has no file that takes a value: being in it is all.
        const enforced = { perfEvent: 'enforced', 'netCls.classid': 'enforced', netPrio: 'enforced' };
        expect(stdout.trim().split('\n')).toEqual(['1048577 lo 3', '2', JSON.stringify(enforced)]);
      });
    });
  });

/** Limits that only some machines have: their file holds them, or the refusal says what is missing. */
const rare: readonly (readonly [limits: Resources, key: string, held: string, missing: RegExp])[] = [
  [{ cpu: { uclamp: { min: 10 } } }, 'cpu.uclamp.min', '10.00', /CONFIG_UCLAMP_TASK_GROUP/],
  [
    { rdma: { mlx5_0: { hcaObjects: 5 } } },
    'rdma.max',
    'mlx5_0 hca_handle=max hca_object=5',
    /controller "rdma"|no such adapter/,
  ],
  [{ misc: { sev: 1 } }, 'misc.max', 'sev 1', /controller "misc"|misc\.capacity/],
  [{ hugetlb: { '2MB': 4_194_304 } }, 'hugetlb', '4194304', /controller "hugetlb"|no pages of that size/],
  [{ netCls: { classid: 0x10_0001 } }, 'net_cls.classid', '1048577', /controller "net_cls"|can't express/],
  [{ netPrio: { lo: 3 } }, 'net_prio.ifpriomap', 'lo 3', /controller "net_prio"|can't express/],
];

describeWith(['root', 'controller:cpu'], 'what only some machines have', () => {
  test.each(rare)('%j', async (limits, key, held, missing) => {
    const limited = haco().name('haco-test-rare').resources(limits);
    const result = await limited.sh('sleep 60').start();
    if (result.isErr()) {
      expect(result.error.message).toMatch(missing);
      process.stderr.write(`not on this machine: ${result.error.message}\n`);
      const gone = await orThrow(haco().resources(limits, { degrade: true }).command('/bin/true').run());
      expect(Object.values(gone.enforced)).toEqual(['refused']);
      return;
    }
    await using container = result.value;
    expect(container.name).toBe('haco-test-rare');
    const group = groupOf('haco-test-rare', verbs.resources({}, limits) as CgroupsSection);
    const file = readdirSync(group).find(
      (one) => one === key || (one.startsWith(`${key}.2MB.`) && /\.(max|limit_in_bytes)$/.test(one)),
    );
    expect(readFileSync(`${group}/${file ?? key}`, 'utf8')).toContain(held);
  });
});
