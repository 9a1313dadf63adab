/** What an ordinary user can do with a group that root has given away, and what not. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { orThrow } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup } from './create-group.js';
import type { Group } from './group.js';

const uid = 65534;
const children: ChildProcess[] = [];
const groups: Group[] = [];

/** Run a command of the user, which begins with the word that comes when it is in the group. */
async function runIn(group: Group, command: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const wait = ['-c', 'read go && exec "$@"', 'sh', ...command];
  const child = spawn('/bin/sh', wait, {
    uid,
    gid: uid,
    stdio: 'pipe',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  children.push(child);
  await orThrow(group.add(child.pid ?? 0));
  child.stdin.end('go\n');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

async function give(name: string): Promise<Group> {
  const group = await orThrow(createGroup({ name, pids: 50, controllers: [] }));
  groups.push(group);
  orThrow(group.delegate(uid));
  return group;
}

describeWith(['root', 'controller:pids'], 'a group that was given to a user', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('takes groups that the user makes below it, and processes of the user in these', async () => {
    const group = await give('haco-test-given');
    const script =
      'for dir; do mkdir "$dir/mine" && echo $$ >"$dir/mine/cgroup.procs" || exit; done; cat /proc/self/cgroup';
    const paths = group.dirs.map(({ path }) => path);
    const { stdout, stderr } = await runIn(group, ['/bin/sh', '-c', script, 'sh', ...paths]);
    expect(stderr).toBe('');
    expect(stdout.match(/\/haco-test-given\/mine$/gm)).toHaveLength(paths.length);
  });

  test('keeps its limits from the user, and root what is beside it', async () => {
    const group = await give('haco-test-kept');
    const path = group.path('pids') ?? '';
    const script = 'echo 60 >"$1/pids.max"; mkdir "$1/../haco-test-beside"';
    const { stderr } = await runIn(group, ['/bin/sh', '-c', script, 'sh', path]);
    expect(stderr.match(/Permission denied/g)).toHaveLength(2);
    expect(readFileSync(`${path}/pids.max`, 'utf8')).toBe('50\n');
    expect(existsSync(`${path}/../haco-test-beside`)).toBe(false);
  });
});

describeWith(['root', 'cgroup1', 'controller:pids'], 'a group of v1 that was given to a user', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('has the limits of the containers of the user in it', async () => {
    const group = await give('haco-test-lent');
    const script = `
      import { haco, orThrow } from ${JSON.stringify(fileURLToPath(import.meta.resolve('@haco/core')))};
      const { stdout, enforced } = await orThrow(haco().unshare('user').pids(7).command('/bin/cat', '/proc/self/cgroup').run());
      console.log(stdout, JSON.stringify(enforced));`;
    const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')];
    const { stdout, stderr } = await runIn(group, [...node, '--input-type=module', '-e', script]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/:pids:.*\/haco-test-lent\/haco\/\S+$/m);
    expect(stdout).toContain('{"pids":"enforced"}');
  });
});
