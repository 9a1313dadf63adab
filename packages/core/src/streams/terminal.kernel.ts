/** An interactive shell in a container behaves: echo, window size, Ctrl-C, job control, and an end without leftovers. */
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs, nodeWith } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Builder } from '../index.js';
import { atTerminal, prompt, testShell } from './terminal-fixture.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const ownDevpts = (): Builder =>
  haco().unshare('mount', 'pid', 'uts').chroot(rootfs.path).independent('procfs', 'dev').command('/bin/sh');
const hostDevpts = (): Builder => haco().unshare('pid').chroot(rootfs.path).command('/bin/sh');

describeWith(['root', 'busybox', 'probe'], 'a shell at a terminal', () => {
  test('is the console where /dev is its own', async () => {
    await atTerminal(ownDevpts().tty(), async (screen, container) => {
      await screen.until(prompt);
      screen.type('stat -c %t:%T:%a /dev/console; echo to the con""sole >/dev/console\n');
      expect(await screen.until(/to the console\r\n[^]*# $/)).toMatch(/\n88:0:620\r\n/);
      screen.type('exit\n');
      await orThrow(container.wait());
    });
  });

  testShell('with a devpts of its own', ownDevpts);
  testShell('without a mount namespace', hostDevpts);

  test('has a name inside, is the controlling terminal, and nothing of the host is open', async () => {
    await atTerminal(ownDevpts().tty(), async (screen) => {
      await screen.until(prompt);
      screen.type('ls -l /proc/self/fd | grep -o "[0-9] -> .*"; echo via tty > /dev/tty\n');
      const seen = await screen.until(/via tty\r\n[^]*# $/);
      expect(seen).toContain('0 -> /dev/pts/0');
      expect(seen).toContain('2 -> /dev/pts/0');
      expect(seen.match(/\d -> /g)).toHaveLength(4);
    });
  });

  test('belongs to the user that the command runs as', async () => {
    await atTerminal(ownDevpts().user(1000).tty(), async (screen) => {
      await screen.until(/\$ $/);
      screen.type('ls -ln /dev/pts/0; echo x > /dev/pts/0; id -u\n');
      expect(await screen.until(/1000\r\n\S*[^]*\$ $/)).toMatch(/crw--w---- +1 1000 +5/);
    });
  });

  test('a disposed handle ends a shell that waits for input', async () => {
    await atTerminal(ownDevpts().tty(), async (screen) => {
      await screen.until(prompt);
    });
  });

  test('a flood of input that nobody reads does not stop Node', async () => {
    await atTerminal(hostDevpts().sh('sleep 60').tty(), async (_screen, container) => {
      const began = performance.now();
      const accepted = container.stdin?.write(Buffer.alloc(1_000_000, 'x\n'));
      await sleep(50);
      expect(performance.now() - began).toBeLessThan(1000);
      expect(accepted).toBe(false);
    });
  });

  test('a flood of output that nobody reads stops the writer, and is there when it is read', async () => {
    await expectNothingLeft(async () => {
      // When the session's leader ends, the kernel throws away what is still on its way through the terminal (tty_ldisc_hangup).
      const script = 'i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; sleep 2';
      await using container = await orThrow(ownDevpts().sh(script).tty().start());
      await sleep(300);
      expect(container.stdout?.readableLength).toBeLessThan(300_000);
      const text = String(await buffer(container.stdout ?? Readable.from([])));
      expect(text.split('\r\n').at(-2)).toBe('line 29999');
      expect(text.split('\r\n')).toHaveLength(30_001);
      await orThrow(container.wait());
    });
  });

  test('run() captures what the terminal shows', async () => {
    const outcome = await expectNothingLeft(() =>
      orThrow(ownDevpts().sh('stty size; echo err >&2; exit 3').tty().run()),
    );
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '24 80\r\nerr\r\n', stderr: '' });
  });

  test('run() ends although an orphan still holds the terminal', async () => {
    await expectNothingLeft(async () => {
      const builder = haco().command('/bin/sh', '-c', 'trap "" HUP; sleep 600 & echo $!; exit 0').tty();
      // It is still there.
      expect(process.kill(Number((await orThrow(builder.run())).stdout), 'SIGKILL')).toBe(true);
    });
  });

  test('many terminals, one after the other, leave no descriptor', async () => {
    await expectNothingLeft(async () => {
      for (let round = 0; round < 20; round++) await orThrow(hostDevpts().sh('echo hi').tty().run());
    });
    const masters = readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('ptmx');
      } catch {
        return false;
      }
    });
    expect(masters).toEqual([]);
  });
});

describeWith(['root', 'busybox', 'probe', 'python-pty'], "the caller's own terminal", () => {
  test('is inherited, with job control, and given back', { timeout: 20_000 }, async () => {
    const index = fileURLToPath(new URL('../index.ts', import.meta.url));
    const script = `
      import { haco } from ${JSON.stringify(index)};
      const result = await haco().unshare('pid').chroot(${JSON.stringify(rootfs.path)})
        .stdin('inherit').stdout('inherit').stderr('inherit').command('/bin/sh').run();
      console.log('ended', result.match((outcome) => outcome.reason + ' ' + outcome.exitCode, (error) => error.message));
      process.stdin.once('data', (line) => { console.log('Node reads ' + line); process.exit(0); });`;
    const python = `
import os, pty, sys, time, select
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
def until(text):
    global seen
    end = time.time() + 10
    while text not in seen and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try: seen += os.read(fd, 4096)
            except OSError: break
    if text not in seen: print('MISSING', text, seen); sys.exit(1)
    sys.stdout.buffer.write(seen.split(text)[0] + text); seen = seen.split(text, 1)[1]
until(b'# ')
os.write(fd, b'tty >/dev/null; echo in $((1+1))\\n'); until(b'in 2'); until(b'# ')
os.write(fd, b'sleep 100\\n'); until(b'sleep 100'); time.sleep(0.3)
os.write(fd, b'\\x03'); until(b'# ')
os.write(fd, b'echo still $((3+1))\\n'); until(b'still 4'); until(b'# ')
os.write(fd, b'exit 6\\n'); until(b'ended')
until(b'6')
os.write(fd, b'again\\n'); until(b'Node reads again')
os.waitpid(pid, 0)
`;
    const output = await expectNothingLeft(async () => {
      const child = spawn('python3', ['-c', python, ...nodeWith(script)], {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return String(await buffer(child.stdout));
    });
    expect(output).toContain('still 4');
    expect(output).toContain('exited 6');
    expect(output).toContain('Node reads again');
    expect(output).not.toMatch(/MISSING|job control/);
  });
});
