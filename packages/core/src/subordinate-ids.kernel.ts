/** An ordinary user with subordinate ids: the automatic map takes them, by newuidmap. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  describeWith,
  expectNothingLeft,
  grantedUser,
  grantNeeds,
  makeRootfs,
  makeTemporaryDirectory,
  runCommand,
  withGrant,
  type TestRootfs,
  nodeWith,
} from '@haco/testkit';

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

/** Run a builder as a user for whom these ranges are granted. */
async function runWithGrant(
  grant: string,
  builder: string,
  prepare?: string,
): Promise<{ stdout?: string; kind?: string; message?: string }> {
  const index = fileURLToPath(new URL('index.ts', import.meta.url));
  const node = nodeWith(`
    import { haco } from ${JSON.stringify(index)};
    const root = ${JSON.stringify(rootfs.path)};
    const result = await (${builder}).run();
    console.log(JSON.stringify(result.match(({ stdout, stderr }) => ({ stdout: stdout + stderr }), ({ kind, message }) => ({ kind, message }))));`);
  const command = withGrant(node, {
    file: join(directory, 'ids'),
    grant,
    ...(prepare === undefined ? {} : { prepare }),
  });
  const { stdout, stderr } = await runCommand(command, { cwd: fileURLToPath(new URL('.', import.meta.url)) });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { stdout?: string };
}

const isolated =
  "haco().unshare('user', 'mount', 'pid').mapUsers('auto').mapGroups('auto').chroot(root).independent('procfs')";

describeWith([...grantNeeds, 'busybox', 'probe'], 'subordinate ids', () => {
  test('are mapped behind the user itself', async () => {
    const { stdout = '' } = await expectNothingLeft(() =>
      runWithGrant(
        `${grantedUser}:200000:65536\n`,
        `${isolated}.sh('cat /proc/self/uid_map /proc/self/gid_map; id -u')`,
      ),
    );
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).join(' '));
    expect(lines).toEqual([`0 ${grantedUser} 1`, '1 200000 65536', `0 ${grantedUser} 1`, '1 200000 65536', '0']);
  });

  test('let the command be another user, and files belong to it', async () => {
    const script = 'id -u; id -G; touch /tmp/mine; ls -ln /tmp/mine';
    const { stdout = '' } = await expectNothingLeft(() =>
      runWithGrant(`${grantedUser}:200000:65536\n`, `${isolated}.tmpfs('/tmp').user(33, 34, [44]).sh('${script}')`),
    );
    expect(stdout).toMatch(/^33\n34 44\n-rw-r--r-- +1 33 +34 /);
  });

  test('that were not granted are refused before anything is made, with the command that grants them', async () => {
    const ids = '[{ inside: 0, outside: 500000, count: 10 }]';
    const refused = await expectNothingLeft(() =>
      runWithGrant(
        `${grantedUser}:200000:65536\n`,
        `haco().unshare('user').mapUsers(${ids}).mapGroups(${ids}).command('/bin/true')`,
      ),
    );
    expect(refused.kind).toBe('permission');
    expect(refused.message).toMatch(
      /^Could not .*: The id map takes ids that \/etc\/subuid and \/etc\/subgid don't grant to this user; grant some with "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \$USER", or map "self"\.$/,
    );
  });

  test('are out of reach where newuidmap may have no rights of its own, and the mount is named', async () => {
    const where = 'f=$(command -v newuidmap) && mount --bind "$f" "$f" && mount -o remount,bind,nosuid "$f"';
    const refused = await expectNothingLeft(() =>
      runWithGrant(`${grantedUser}:200000:65536\n`, `${isolated}.command('/bin/true')`, where),
    );
    expect(refused.kind).toBe('permission');
    expect(refused.message).toMatch(
      /: newuidmap or newgidmap is on a mount with nosuid, where it has no rights of its own; allow them with "mount -o remount,suid \/.*newuidmap", or map "self"\.$/,
    );
  });
});
