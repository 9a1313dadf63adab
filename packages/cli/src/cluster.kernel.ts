/** Definitions of several containers: run together, detached, looked at and ended by their file, or one of them by its name. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, it } from 'vitest';
import { hacoCommand, InTerminal, runHaco, startHaco, testHome, until } from './testing.js';

const home = testHome('cli-cluster');

const slow = { timeout: 240_000 };

function definition(name: string, members: string): string {
  const file = join(home.path, `${name}.haco.ts`);
  writeFileSync(
    file,
    `import { cluster, haco } from '@haco/core';
     export default cluster(${members}, { name: '${name}', base: haco().unshare('pid', 'uts') });`,
  );
  return file;
}

const loop = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done';

describeWith(['root', 'controller:pids'], 'haco run of a cluster', () => {
  it(
    'shows every line after the name of its container, and ends with the first exit code that is not 0',
    slow,
    async () => {
      const file = definition(
        'shop',
        `{
        db: (base) => base.readiness({ command: ['true'] }).sh('hostname; sleep 0.3'),
        web: { builder: (base) => base.sh('hostname >&2; exit 4'), count: 2, dependsOn: ['db'] },
      }`,
      );
      const { code, stdout, stderr } = await expectNothingLeft(() => runHaco(['run', file]));
      expect(stdout.split('\n').sort()).toEqual([
        '',
        'shop-db    | shop-db',
        'shop-web-1 | shop-web-1',
        'shop-web-2 | shop-web-2',
      ]);
      expect([code, stderr]).toEqual([4, '']);
    },
  );

  it('takes flags and a command for each of its containers', slow, async () => {
    const file = definition('flags', "{ a: haco().unshare('uts'), b: haco().unshare('uts') }");
    const run = await expectNothingLeft(() =>
      runHaco(['run', '--rlimit', 'nofile=77', file, '--', 'sh', '-c', 'ulimit -n']),
    );
    expect(run.stdout.split('\n').sort()).toEqual(['', 'flags-a | 77', 'flags-b | 77']);
    const plans = await runHaco(['explain', file]);
    expect(plans.stdout.match(/^(flags-[ab]|Plan of "flags-[ab]": \d+ steps)$/gm)?.length).toBe(4);
    expect((await runHaco(['check', file])).stdout).toBe(
      '✓ flags-a: nothing is known that would make it fail\n✓ flags-b: nothing is known that would make it fail\n',
    );
    const named = await runHaco(['run', '--name', 'x', file]);
    expect([named.code, named.stderr]).toEqual([
      125,
      'haco: The spec is invalid: cluster.b: a second container has the name x.\n',
    ]);
  });

  it(
    'ends as a whole when it is asked to, in a terminal by Ctrl-C; nothing is left when it is killed',
    slow,
    async () => {
      const file = definition('ended', `{ a: (base) => base.sh('${loop}'), b: (base) => base.sh('${loop}') }`);
      await expectNothingLeft(async () => {
        const run = startHaco(['run', file]);
        await until(() => run.stdout().match(/up/g)?.length === 2, run.stdout);
        expect((await runHaco(['ps', '-q'])).stdout).toBe('ended-a\nended-b\n');
        expect((await runHaco(['exec', 'ended-b', 'hostname'])).stdout).toBe('ended-b\n');
        run.kill('SIGTERM');
        expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
        expect(run.stdout().match(/bye/g)?.length).toBe(2);
        await using terminal = await InTerminal.start([...hacoCommand, 'run', file]);
        await terminal.shows(/ended-a \| up[\s\S]*ended-b \| up|ended-b \| up[\s\S]*ended-a \| up/);
        terminal.type('\u0003');
        expect(await terminal.ended()).toBe(0);
      });
      await expectNothingLeft(async () => {
        const run = startHaco(['run', file]);
        await until(() => run.stdout().match(/up/g)?.length === 2, run.stdout);
        run.kill('SIGKILL');
        await run.ended;
        await runHaco(['rm', '--force', 'ended-a', 'ended-b']);
      });
    },
  );

  it(
    'is detached in its order, reloaded, looked at and ended by its file, or one of it by name or pid',
    slow,
    async () => {
      const members = (most: number): string => `{
      db: (base) => base.unshare('ipc').pids(${String(most)}).readiness({ command: ['true'] }).sh('${loop}'),
      web: { builder: (base) => base.sh('${loop}'), count: 2, dependsOn: ['db'], share: { ipc: 'db' } },
    }`;
      const file = definition('own', members(20));
      await expectNothingLeft(async () => {
        expect(await runHaco(['run', '--daemon', file])).toEqual({
          code: 0,
          stderr: '',
          stdout: 'own-db\nown-web-1\nown-web-2\n',
        });
        expect((await runHaco(['ps', '-q'])).stdout).toBe('own-db\nown-web-1\nown-web-2\n');
        const ipc = await Promise.all(
          ['own-db', 'own-web-1'].map((name) => runHaco(['exec', name, 'readlink', '/proc/self/ns/ipc'])),
        );
        expect(ipc[0]?.stdout).toMatch(/^ipc:/);
        expect(ipc[1]?.stdout).toBe(ipc[0]?.stdout);
        definition('own', members(30));
        expect((await runHaco(['reload', '-n', 'own-db', file])).stdout).toBe('own-db: in force: cgroups.pids\n');
        const several = await runHaco(['attach', file, '--', 'hostname']);
        expect([several.code, several.stderr]).toEqual([
          125,
          `haco: The definition ${file} has several containers; say which: own-db, own-web-1, own-web-2.\n`,
        ]);
        expect((await runHaco(['attach', '-n', 'own-web-2', file, '--', 'hostname'])).stdout).toBe('own-web-2\n');
        const { pid, supervisor } = JSON.parse((await runHaco(['inspect', '--json', 'own-web-2'])).stdout) as {
          pid: number;
          supervisor: { pid: number };
        };
        expect(await runHaco(['kill', '-t', String(pid)])).toMatchObject({
          code: 0,
          stdout: 'Kill success: own-web-2\n',
        });
        const gone = await runHaco(['kill', '-t', String(supervisor.pid)]);
        expect([gone.code, gone.stderr]).toEqual([
          125,
          `haco: There is no container with the pid "${String(supervisor.pid)}"; "haco ps" shows the pids of first processes, "haco inspect" those of supervisors.\n`,
        ]);
        expect((await runHaco(['stop', file])).stdout.split('\n').sort()).toEqual([
          '',
          'own-db',
          'own-web-1',
          'own-web-2',
        ]);
        expect((await runHaco(['rm', file])).code).toBe(0);
        expect((await runHaco(['ps', '-aq'])).stdout).toBe('');
      });
    },
  );

  it('of which one can’t be detached has none left', slow, async () => {
    const file = definition(
      'broken',
      `{ db: (base) => base.sh('${loop}'), web: { builder: (base) => base.command('/no/such/program'), dependsOn: ['db'] } }`,
    );
    await expectNothingLeft(async () => {
      const run = await runHaco(['run', '-D', file]);
      expect([run.code, run.stdout]).toEqual([127, '']);
      expect((await runHaco(['ps', '-aq'])).stdout).toBe('');
      const late = definition('late', `{ db: (base) => base.readiness({ port: 81, timeout: '200ms' }).sh('${loop}') }`);
      const waited = await runHaco(['run', '-D', late]);
      expect([waited.code, waited.stderr]).toEqual([
        125,
        'haco: Waited 200 ms for something that listens on port 81 of the container and gave up; allow more time or look why it hangs.\n',
      ]);
      expect((await runHaco(['ps', '-aq'])).stdout).toBe('');
    });
  });
});
