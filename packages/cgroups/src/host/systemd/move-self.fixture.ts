/** For tests: a program that moves into a scope of its own, and says where it, its containers and their limits are. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = `
  import { readFileSync } from 'node:fs';
  import { haco, orThrow } from ${JSON.stringify(fileURLToPath(import.meta.resolve('@haco/core')))};
  import { moveSelfToScope } from ${JSON.stringify(fileURLToPath(new URL('../../index.ts', import.meta.url)))};
  const own = () => readFileSync('/proc/self/cgroup', 'utf8').trim();
  const say = (what, value) => console.log(JSON.stringify([what, value]));
  const options = JSON.parse(process.argv[1]);
  const before = own();
  // A fork server stays from this one on.
  await haco().command('/bin/true').run();
  const moved = await moveSelfToScope(options);
  if (moved.isErr()) {
    say('error', moved.error.message);
    say('stayed', own() === before);
    process.exit();
  }
  const [dir] = moved.value.dirs;
  say('scope', dir.path);
  say('self', own());
  say('pids.max', readFileSync(dir.path + '/pids.max', 'utf8').trim());
  const limited = haco().name('haco-test-inside').pids(5).memory('64MiB');
  const container = await orThrow(limited.sh('read go').start());
  const group = dir.path + '/haco/haco-test-inside/';
  const inGroup = readFileSync('/proc/' + container.pid + '/cgroup', 'utf8').trim();
  say('limits', ['pids.max', 'memory.max'].map((file) => readFileSync(group + file, 'utf8').trim()));
  await orThrow(container.update({ pids: 7 }));
  say('updated', readFileSync(group + 'pids.max', 'utf8').trim());
  container.stdin.end('go\\n');
  const { reason, enforced } = await orThrow(container.wait());
  say('container', { reason, group: inGroup, enforced });
  say('again', (await moveSelfToScope(options)).isErr());`;

/** Run it with these options; what it says, by name. */
export function runInScope(options: object): Readonly<Record<string, unknown>> {
  const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')] as const;
  const [file, ...args] = node;
  const { stdout, stderr } = spawnSync(file, [...args, '--input-type=module', '-e', program, JSON.stringify(options)], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  });
  if (stderr !== '') throw new Error(stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, unknown]));
}
