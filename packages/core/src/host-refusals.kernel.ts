/** What a host refuses, by the mechanisms that refuse it: made in namespaces of the test, never on the host. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, test } from 'vitest';

const program = `
  import { haco, orThrow } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
  const { problems } = await orThrow(haco().unshare('user').command('/bin/true').check());
  console.log(problems.map(({ kind, message }) => kind + ': ' + message).join());`;

/** What `check()` says after `prepare`, in user and mount namespaces of its own. */
async function told(prepare: string): Promise<string> {
  const node = [process.execPath, '--import', 'tsx', '--conditions', '@haco/source', '--input-type=module'];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const script = `${prepare} && exec "$@"`;
  const args = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', ...node, '--eval', program];
  const { stdout, stderr } = await expectNothingLeft(() =>
    Promise.resolve(spawnSync('unshare', args, { cwd, encoding: 'utf8' })),
  );
  expect(stderr).toBe('');
  return stdout.trim();
}

const limit = '/proc/sys/user/max_user_namespaces';

describeWith(['root', 'userns'], 'user namespaces', () => {
  test('that are switched off are told so, with the switch', async () => {
    const before = readFileSync(limit, 'utf8');
    expect(await told(`echo 0 >${limit}`)).toBe(
      'permission: User namespaces are switched off here; allow them with "sysctl -w user.max_user_namespaces=15000".',
    );
    // The limit is that of the namespace in which it was written.
    expect(readFileSync(limit, 'utf8')).toBe(before);
  });

  test('whose switch is hidden, as by an outer container, are not', async () => {
    expect(await told('mount -t tmpfs none /proc/sys/user')).toBe('');
  });
});
