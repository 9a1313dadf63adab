/** Commands that look at containers of other terminals, and change them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, it } from 'vitest';
import { hacoCommand, InTerminal, runHaco, startHaco, testHome, until, type Running } from './testing.js';

const home = testHome('cli-registry');

const slow = { timeout: 240_000 };

const loop = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done';

/** A container that goes on until it is asked to end, while `use` looks at it from other programs. */
async function withContainer(flags: readonly string[], use: (run: Running) => Promise<void>): Promise<number | null> {
  const run = startHaco([
    'run',
    '--name',
    'web',
    '--unshare',
    'pid,mount,uts',
    '--independent',
    'procfs',
    ...flags,
    '--',
    'sh',
    '-c',
    loop,
  ]);
  try {
    await until(() => run.stdout().includes('ready'), run.stdout);
    await use(run);
  } finally {
    run.kill('SIGTERM');
  }
  return (await run.ended).code;
}

describeWith(['root', 'controller:memory', 'controller:pids'], 'a container of another terminal', () => {
  it('is listed, inspected, measured, paused and killed', slow, async () => {
    await expectNothingLeft(async () => {
      const code = await withContainer(['--memory', '64MiB', '--pids', '20'], async () => {
        const ps = await runHaco(['ps']);
        expect(ps.stdout).toMatch(/^NAME +STATUS +PID +SINCE +COMMAND\nweb +running +\d+ +\d+s +sh -c trap/);
        expect((await runHaco(['ps', '--quiet'])).stdout).toBe('web\n');
        expect((await runHaco(['ps', '-N'])).stdout).toMatch(/^web /);
        const [state] = JSON.parse((await runHaco(['ps', '--json'])).stdout) as [{ name: string; pid: number }];
        expect(state).toMatchObject({ name: 'web', status: 'running' });
        expect(JSON.parse((await runHaco(['inspect', 'web'])).stdout)).toMatchObject({ pid: state.pid });
        const { stats } = JSON.parse((await runHaco(['stats', '--json', 'web'])).stdout) as {
          stats: { memory: object };
        };
        expect(stats.memory).toMatchObject({ maxBytes: 64 * 1024 * 1024 });
        expect((await runHaco(['stats', 'web'])).stdout).toMatch(/^web\n(?: {2}\S.*\n)+$/);
        expect(await runHaco(['pause', 'web'])).toMatchObject({ code: 0, stdout: 'web\n' });
        expect((await runHaco(['ps', '-N'])).stdout).toMatch(/^web +paused/);
        expect(await runHaco(['resume', 'web'])).toMatchObject({ code: 0, stdout: 'web\n' });
        const refused = await runHaco(['rm', 'web']);
        expect([refused.code, refused.stderr]).toEqual([125, expect.stringMatching(/^haco: .*running.*\n$/)]);
        const usr1 = await runHaco(['kill', '-s', 'CONT', 'web']);
        expect(usr1).toMatchObject({ code: 0, stdout: 'Send signal success: web\n' });
        const waiting = startHaco(['wait', 'web']);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        expect(await runHaco(['kill', 'web'])).toMatchObject({ code: 0, stdout: 'Kill success: web\n' });
        expect(await waiting.ended).toMatchObject({ code: 9, stdout: '9\n' });
      });
      expect(code).toBe(9);
      expect((await runHaco(['ps', '-aq'])).stdout).toBe('');
    });
  });

  it('runs further programs, with flags, streams, exit codes and a terminal', slow, async () => {
    await expectNothingLeft(async () => {
      await withContainer(['--memory', '64MiB'], async () => {
        const seen = await runHaco(
          [
            ...[
              'exec',
              '-e',
              'A=1',
              '-e',
              'B',
              '-w',
              '/usr',
              '-u',
              '65534',
              '-g',
              '7',
              '-A',
              'chown,kill',
              '-D',
              'kill',
              'web',
            ],
            ...[
              '--',
              'sh',
              '-c',
              'hostname; echo $A $B; pwd; id -u; id -g; grep CapBnd /proc/self/status; cat; exit 4',
            ],
          ],
          { env: { B: '2' }, input: 'typed' },
        );
        expect(seen).toEqual({
          code: 4,
          stderr: '',
          stdout: 'web\n1 2\n/usr\n65534\n7\nCapBnd:\t0000000000000001\ntyped',
        });
        expect((await runHaco(['exec', 'web', 'no-such-command'])).code).toBe(127);
        expect((await runHaco(['exec', '--timeout', '300ms', 'web', '--', 'sleep', '60'])).code).toBe(137);
        expect(await runHaco(['exec', 'web'])).toMatchObject({
          code: 125,
          stderr: 'haco: There is no command to run in the container; write it after "--".\n',
        });
        await using terminal = await InTerminal.start([...hacoCommand, 'attach', 'web']);
        terminal.type('stty size; echo $((40 + 2)) $(hostname)\r');
        await terminal.shows(/30 100\r+\n/);
        await terminal.shows(/42 web\r+\n/);
        terminal.type('exit 6\r');
        expect(await terminal.ended()).toBe(6);
      });
    });
  });

  it('is found by its definition, and by the pid of a process in it', slow, async () => {
    const file = join(home.path, 'web.haco.ts');
    writeFileSync(file, "import { haco } from '@haco/core'; export default haco().name('web').command('true');");
    const nameless = join(home.path, 'nameless.haco.ts');
    writeFileSync(nameless, "import { haco } from '@haco/core'; export default haco().command('true');");
    await expectNothingLeft(async () => {
      await withContainer([], async () => {
        const { pid } = JSON.parse((await runHaco(['inspect', '--json', file])).stdout) as { pid: number };
        expect((await runHaco(['attach', file, '--', 'hostname'])).stdout).toBe('web\n');
        expect((await runHaco(['attach', '--name', 'web', '--', 'hostname'])).stdout).toBe('web\n');
        expect((await runHaco(['attach', file, `--target=${String(pid)}`, '--', 'hostname'])).stdout).toBe('web\n');
        expect((await runHaco(['attach', '-t', 'x', '--', 'hostname'])).stderr).toBe(
          'haco: The option --target takes the pid of a process, not "x".\n',
        );
        expect((await runHaco(['exec', nameless, 'true'])).stderr).toContain('has no name()');
      });
    });
  });

  it('that is not there, or that does not end, is one sentence', slow, async () => {
    const missing = 'There is no container "nobody"; "haco ps --all" lists them;';
    for (const argv of [
      ['kill', 'nobody'],
      ['exec', 'nobody', 'true'],
      ['attach', 'nobody'],
      ['inspect', 'nobody'],
      ['top', '--no-stream', 'nobody'],
      ['rm', '-f', 'nobody'],
      ['wait', 'nobody'],
    ]) {
      const { code, stderr } = await runHaco(argv);
      expect(stderr).toContain(missing);
      expect([code, stderr.trimEnd().split('\n').length]).toEqual([125, 1]);
    }
    expect((await runHaco(['kill', '-s', 'TREM', 'nobody'])).stderr).toBe(
      'haco: There is no signal "TREM"; did you mean "term"?\n',
    );
    expect((await runHaco(['kill', '--timeout', 'soon', 'nobody'])).stderr).toMatch(
      /^haco: The option --timeout doesn't understand "soon": .*\n$/,
    );
    expect((await runHaco(['exec', '../web', 'true'])).code).toBe(125);
    await expectNothingLeft(async () => {
      const deaf = startHaco([
        'run',
        '--name',
        'deaf',
        '--unshare',
        'pid',
        '--',
        'sh',
        '-c',
        'trap "" TERM; echo ready; while :; do sleep 0.05; done',
      ]);
      await until(() => deaf.stdout().includes('ready'), deaf.stdout);
      expect((await runHaco(['kill', '--timeout', '1', 'deaf'])).stderr).toBe(
        'haco: Waited 1000 ms for the end of the container deaf and gave up; allow more time or look why it hangs.\n',
      );
      expect((await runHaco(['kill', '--timeout', '-1', 'deaf'])).stdout).toBe('Send signal success: deaf\n');
      expect((await runHaco(['stop', '--timeout', '300ms', 'deaf'])).stdout).toBe('deaf\n');
      expect((await deaf.ended).code).toBe(137);
    });
  });
});

describeWith(['root', 'controller:memory', 'controller:pids'], 'haco top', () => {
  it('is a table in a pipe, once or again and again, and JSON', slow, async () => {
    await expectNothingLeft(async () => {
      await withContainer(['--memory', '64MiB', '--pids', '20'], async () => {
        const once = await runHaco(['top', '--no-stream', '--sort', 'memory']);
        expect(once.stdout).toMatch(
          /^NAME +STATUS +PID +CPU +MEMORY +LIMIT +PIDS .*\nweb +running +\d+ +[\d.]+% +\S+iB +64MiB +\d+\/20 .*\n$/,
        );
        const json = JSON.parse((await runHaco(['top', '--json', '--no-stream'])).stdout) as {
          containers: { cpuPercent: number }[];
        };
        expect(json.containers[0]?.cpuPercent).toBeGreaterThanOrEqual(0);
        const stream = startHaco(['top', '--interval', '100ms']);
        await until(() => stream.stdout().split('NAME').length > 3, stream.stdout);
        stream.kill('SIGTERM');
        await stream.ended;
        expect((await runHaco(['top', '--interval', '1ms'])).stderr).toContain('at least 50 ms');
      });
    });
  });

  it('is live on a terminal: keys, size, and the terminal comes back', slow, async () => {
    await expectNothingLeft(async () => {
      await withContainer(['--memory', '64MiB', '--pids', '20'], async () => {
        const inner = [...hacoCommand, 'top', '--interval', '200ms'].map((word) => `'${word}'`).join(' ');
        const script = `stty -g >${home.path}/before; ${inner}; echo "ended with $?"; stty -g >${home.path}/after; cmp ${home.path}/before ${home.path}/after && echo as it was`;
        await using terminal = await InTerminal.start(['sh', '-c', script]);
        await terminal.shows(/\u001b\[\?1049h\u001b\[\?25l/);
        await terminal.shows(/haco top: 1 container, cpu \d+\.\d%/);
        await terminal.shows(/web +running/);
        terminal.type('m');
        await terminal.shows(/by memory/);
        terminal.type(' ');
        await terminal.shows(/held/);
        terminal.type(' n');
        await terminal.shows(/by name/);
        const before = terminal.seen.length;
        terminal.resize(60, 10);
        await until(
          () => {
            const last = terminal.seen.slice(before).split('\u001b[H').at(-2) ?? '';

            const lines = last.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '').split(/\r+\n/);
            return lines.length === 10 && lines.every((line) => line.length <= 60);
          },
          () => JSON.stringify(terminal.seen.slice(before)),
        );
        terminal.type('q');
        await terminal.shows(/\u001b\[\?25h\u001b\[\?1049l/);
        await terminal.shows(/ended with 0\r+\n[\s\S]*as it was/);
      });
    });
  });

  it('gives the terminal back when it is killed', slow, async () => {
    await using terminal = await InTerminal.start([...hacoCommand, 'top', '--interval', '200ms']);
    await terminal.shows(/haco top: 0 containers/);
    terminal.kill('SIGTERM');
    expect(await terminal.ended()).toBe(143);
    expect(terminal.seen).toMatch(/\u001b\[\?25h\u001b\[\?1049l/);
  });
});

describeWith(['root', 'controller:pids'], 'haco events', () => {
  it('tells what happens until the end', slow, async () => {
    await expectNothingLeft(async () => {
      let events: Running | undefined;
      await withContainer(['--pids', '3'], async () => {
        events = startHaco(['events', '--json', 'web']);
        // On v1 only what comes after its first look is an event, and nothing tells when that was.
        for (let tries = 0; tries < 12 && !events.stdout().includes('pids-limit'); tries++) {
          await runHaco(['exec', 'web', '--', 'sh', '-c', 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait']);
        }
      });
      const lines = ((await events?.ended)?.stdout ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { name: string; type: string });
      expect(lines.every(({ name }) => name === 'web')).toBe(true);
      expect(lines.map(({ type }) => type)).toContain('pids-limit');
    });
  });
});
