/** What the groups of a container mean for further processes: their limit is told, and groups made inside don't keep them off. */
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { describeWith, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inside, stdoutOf, warmUp } from '../fixture.js';
import { haco, orThrow, type Builder } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const isolated = (): Builder =>
  haco().unshare('pid', 'mount', 'uts', 'ipc', 'net').chroot(rootfs.path).independent('procfs', 'dev');

describeWith(['root', 'busybox', 'probe'], 'the memory limit of a container', () => {
  test('is the reason for the end of what it has killed of an exec, and of nothing else', async () => {
    await inside(isolated().resources({ memory: { max: '32MiB', swap: 0 } }), async (container) => {
      const hog = ['/bin/probe', 'hog', '128'] as const;
      expect(await orThrow(container.exec({ command: hog }))).toMatchObject({
        reason: 'oom',
        signal: 'SIGKILL',
        usage: { oomKills: 1 },
      });
      const shell = `${hog.join(' ')}; exit $?`;
      expect(await orThrow(container.exec('/bin/sh', '-c', shell))).toMatchObject({ reason: 'oom', exitCode: 137 });
      // The count of the container's groups is no longer 0; what is killed otherwise is not said to be its victim.
      const killed = await orThrow(container.exec('/bin/sh', '-c', 'kill -9 $$'));
      expect(killed).toMatchObject({ reason: 'signaled', signal: 'SIGKILL', usage: { oomKills: 0 } });
      const survivor = await orThrow(container.exec('/bin/sh', '-c', `${hog.join(' ')}; exit 3`));
      expect(survivor).toMatchObject({ reason: 'exited', exitCode: 3 });
      await using spawned = await orThrow(container.spawn({ command: hog }));
      expect(await orThrow(spawned.wait())).toMatchObject({ reason: 'oom' });
    });
  });
});

/** The v2 group of a process, as a directory. */
function groupOf(pid: number): string {
  const group = /^0::(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1] ?? '';
  const mount = / (\S+) \S+(?: \S+:\S+)* - cgroup2 /.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '';
  return mount + group;
}

describeWith(['root', 'busybox', 'probe', 'controller:hugetlb'], 'a v2 group with groups below it', () => {
  test('takes further processes where the first one has gone', async () => {
    await inside(isolated().resources({ hugetlb: { '2MB': 0 } }), async (container) => {
      const group = groupOf(container.pid);
      const leaf = `${group}/leaf`;
      mkdirSync(leaf);
      writeFileSync(`${leaf}/cgroup.procs`, String(container.pid));
      writeFileSync(`${group}/cgroup.subtree_control`, '+hugetlb');
      // The kernel takes no process into the group itself any more.
      const refused = (): void => writeFileSync(`${group}/cgroup.procs`, String(container.pid));
      expect(refused).toThrow('EBUSY');
      const script = 'while read line; do case $line in 0::*) echo ${line##*/};; esac; done < /proc/self/cgroup';
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', script] })).toBe('leaf\n');
      writeFileSync(`${group}/cgroup.subtree_control`, '-hugetlb');
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', script] })).toBe(`${container.name}\n`);
      // As the container is over before its groups are removed, nobody is in the leaf for long.
      writeFileSync(`${group}/cgroup.procs`, String(container.pid));
      rmdirSync(leaf);
      expect(readdirSync(group)).not.toContain('leaf');
    });
  });
});
