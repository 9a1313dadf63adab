/** strace agreement of an ordinary user with subordinate ids: what newuidmap and newgidmap are asked is what `explain()` says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '@haco/plan';
import {
  describeWith,
  expectNothingLeft,
  grantedUser,
  grantNeeds,
  makeRootfs,
  makeTemporaryDirectory,
  straceWhile,
  withGrant,
  type TestRootfs,
  nodeWith,
} from '@haco/testkit';
import { disagreement } from './disagreement.js';

let rootfs: TestRootfs;
let directory = '';

beforeAll(async () => {
  rootfs = await makeRootfs({ shell: true });
  directory = await makeTemporaryDirectory('subuid');
});
afterAll(async () => {
  await rootfs.remove();
  rmSync(directory, { recursive: true });
});

interface Said {
  readonly plan: Plan;
  readonly threads: readonly number[];
  /** Exit code of the container. */
  readonly result: number | string;
}

/** Plans, waits for a line, runs, and tells all of that. */
const program = (builder: string): string => `
  import { once } from 'node:events';
  import { readdirSync } from 'node:fs';
  import { closeForkServer } from '@haco/sys';
  import { haco, orThrow } from ${JSON.stringify(fileURLToPath(new URL('../index.ts', import.meta.url)))};
  const root = ${JSON.stringify(rootfs.path)};
  const builder = ${builder};
  const plan = orThrow(builder.explain());
  // Once before: what Node makes at its first start is not what is compared.
  await builder.run();
  closeForkServer();
  const threads = new Set(readdirSync('/proc/self/task'));
  console.log('ready');
  await once(process.stdin, 'data');
  const result = (await builder.run()).match(({ exitCode }) => exitCode, ({ message }) => message);
  for (const thread of readdirSync('/proc/self/task')) threads.add(thread);
  console.log(JSON.stringify({ plan, threads: [...threads].map(Number), result }));
  process.stdin.destroy();`;

/** strace is root's: only then newuidmap has its rights also while it is looked at. */
async function compareAsUser(builder: string): Promise<{ said: Said; parts: (plan: Plan) => string | undefined }> {
  const grant = `${grantedUser}:200000:65536\n`;
  const [file = '', ...args] = withGrant(nodeWith(program(builder)), { file: join(directory, 'ids'), grant });
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const node = spawn(file, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(node, 'close');
  const lines = createInterface(node.stdout)[Symbol.asyncIterator]();
  try {
    expect((await lines.next()).value).toBe('ready');
    const { value, calls } = await straceWhile(node.pid ?? 0, async () => {
      node.stdin.write('go\n');
      return String((await lines.next()).value);
    });
    const said = JSON.parse(value) as Said;
    return { said, parts: (plan) => disagreement(plan, calls, new Set(said.threads)) };
  } finally {
    node.kill();
    await ended;
  }
}

const containers: Readonly<Record<string, string>> = {
  'the automatic map':
    "haco().name('mapped').unshare('user', 'mount', 'pid').mapUsers('auto').mapGroups('auto').chroot(root).independent('procfs').command('/bin/true')",
  'a map of several ranges, an init':
    "haco().name('mapped').unshare('user', 'pid').mapUsers([{ inside: 0, outside: 65534, count: 1 }, { inside: 1, outside: 200000, count: 10 }, { inside: 500, outside: 200500, count: 1 }]).mapGroups('auto').init().command('/bin/true')",
};

describeWith(
  [...grantNeeds, 'busybox', 'probe', 'strace'],
  'strace agrees with explain() of an ordinary user with',
  () => {
    test.each(Object.entries(containers))('%s', { timeout: 60_000 }, async (_name, builder) => {
      const { said, parts } = await expectNothingLeft(() => compareAsUser(builder));
      expect(said.result).toBe(0);
      expect(parts(said.plan)).toBeUndefined();
      const elsewhere = JSON.parse(JSON.stringify(said.plan).replaceAll('"200000"', '"300000"')) as Plan;
      expect(parts(elsewhere)).toMatch(
        /^the plan says that Node runs \["newuidmap", "\d+", .*"300000".*\], strace saw no/,
      );
    });
  },
);
