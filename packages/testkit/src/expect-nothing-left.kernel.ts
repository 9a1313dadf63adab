/** Each kind of leftover is made once on purpose, to show that it is found. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { describeWith } from './describe-with.js';
import { expectNothingLeft } from './expect-nothing-left.js';
import { readMounts } from './mountinfo.js';
import { probePath } from './probe.js';
import { makeRootfs } from './rootfs.js';
import { runCommand } from './run-command.js';

const short = { patienceMs: 100 };
const report = (run: () => unknown) =>
  expectNothingLeft(run, short).then(
    () => 'nothing left',
    (error: unknown) => (error as Error).message,
  );
const id = String(process.pid);

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

describe('a clean run', () => {
  test('returns its value', async () => {
    expect(await expectNothingLeft(() => 42)).toBe(42);
  });

  test('may leave what ends soon after', async () => {
    await expectNothingLeft(() => {
      spawn('sleep', ['0.3'], { stdio: 'ignore' });
    });
  });
});

describe('what is left is named', () => {
  test('a process', async () => {
    let child: ChildProcess | undefined;
    const message = await report(() => {
      child = spawn('sleep', ['60'], { stdio: 'ignore' });
    });
    if (child !== undefined) await end(child);
    expect(message).toMatch(/^The host isn't as it was before:\n {2}left: process \d+ \(sleep\), started at tick \d+$/);
  });

  test('an orphan that looks like haco', async () => {
    // The shell ends at once; its child then belongs to init, with a name of ours.
    let pid = 0;
    const message = await report(async () => {
      // It has the name only when it has come to its exec.
      const script = `exec -a haco-orphan sleep 60 >/dev/null 2>&1 & until grep -q orphan /proc/$!/cmdline; do :; done; echo $!`;
      pid = Number((await runCommand(['bash', '-c', script])).stdout);
    });
    process.kill(pid, 'SIGKILL');
    expect(message).toContain(`left: process ${String(pid)} (sleep)`);
  });

  test('a descriptor', async () => {
    let fd = -1;
    const message = await report(() => {
      fd = openSync('/dev/zero', 'r');
    });
    closeSync(fd);
    expect(message).toContain(`left: descriptor ${String(fd)} → /dev/zero`);
  });

  test('a thread', async () => {
    let worker: Worker | undefined;
    const message = await report(async () => {
      worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
      await once(worker, 'online');
    });
    await worker?.terminate();
    expect(message).toContain('left: thread ');
  });

  test('temporary files and shared memory', async () => {
    const paths = [join(tmpdir(), `haco-test-left-${id}`), `/dev/shm/haco-test-left-${id}`] as const;
    const message = await report(() => {
      for (const path of paths) writeFileSync(path, '');
    });
    for (const path of paths) rmSync(path);
    expect(message).toContain(`left: temporary file ${paths[0]}`);
    expect(message).toContain(`left: shared memory ${paths[1]}`);
  });

  test('together with the error of the test, which stays the first', async () => {
    const path = join(tmpdir(), `haco-test-left-${id}`);
    const message = await report(() => {
      writeFileSync(path, '');
      throw new Error('the real reason');
    });
    rmSync(path);
    expect(message).toBe(`the real reason\nThe host isn't as it was before:\n  left: temporary file ${path}`);
  });

  test('unless it is allowed to stay', async () => {
    const path = join(tmpdir(), `haco-test-left-${id}`);
    await expectNothingLeft(() => writeFileSync(path, ''), { ...short, ignore: /haco-test-left/ });
    rmSync(path);
  });
});

test('what another test run on this machine makes is not ours', async () => {
  const stranger = join(tmpdir(), 'haco-test-1-rootfs-AbCdEf');
  await expectNothingLeft(() => mkdirSync(stranger), short);
  rmdirSync(stranger);
});

describeWith(['probe'], 'a clean run of programs', () => {
  test('may start programs and make root filesystems', async () => {
    await expectNothingLeft(async () => {
      await using rootfs = await makeRootfs();
      await runCommand([probePath(), 'ls', rootfs.path]);
    });
  });
});

describeWith(['root', 'iproute2'], 'what is left in the kernel is named', () => {
  test('a mount, also one that was taken away', async () => {
    await using rootfs = await makeRootfs();
    const target = rootfs.inside('/mnt');
    const left = await report(() => runCommand(['mount', '-t', 'tmpfs', 'haco-test', target]));
    const taken = await report(() => runCommand(['umount', target]));
    expect(left).toContain(`left: mount ${target} (tmpfs from haco-test, id `);
    expect(taken).toContain(`taken away: mount ${target} (tmpfs from haco-test, id `);
  });

  test('a cgroup, in every mounted hierarchy', async () => {
    const hierarchies = readMounts().filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
    const paths = hierarchies.map(({ target }) => join(target, `haco-test-left-${id}`));
    const message = await report(() => {
      for (const path of paths) mkdirSync(path);
    });
    for (const path of paths) rmdirSync(path);
    for (const path of paths) expect(message).toContain(`left: cgroup ${path}`);
  });

  test('a network namespace and an interface', async () => {
    const name = `haco-t${id}`;
    const message = await report(async () => {
      await runCommand(['ip', 'netns', 'add', name]);
      await runCommand(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `p${name}`]);
    });
    await runCommand(['ip', 'link', 'del', name]);
    await runCommand(['ip', 'netns', 'del', name]);
    expect(message).toContain(`left: network namespace /run/netns/${name}`);
    expect(message).toContain(`left: network interface ${name}`);
  });
});
