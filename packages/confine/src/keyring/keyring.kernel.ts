/** Session keyrings on the real kernel. */
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, probePath } from '@haco/testkit';
import { probeHost, rawSyscall, syscallNumbers } from '@haco/sys';
import { expect, test } from 'vitest';

const keyctl = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'].keyctl;
const KEYCTL_GET_KEYRING_ID = 0;
const KEY_SPEC_SESSION_KEYRING = -3;
const hasKeyrings = probeHost().confinement?.keyrings === true;

/** Serial number of the session keyring of a program in the container. */
async function sessionOf(builder: Builder): Promise<number> {
  const args = [keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0].map(String);
  const { stdout } = await orThrow(builder.command(probePath(), 'syscall', ...args).run());
  return (JSON.parse(stdout) as { result: number }).result;
}

describeWith(['root', 'probe'], 'a session keyring', () => {
  test('of its own instead of the one that Node has', async () => {
    if (!hasKeyrings) {
      // A kernel without keyrings has nothing to inherit, and says so.
      const error = (await haco().sessionKeyring().command('/bin/true').run())._unsafeUnwrapErr();
      expect(error.kind).toBe('unsupported');
      return;
    }
    const outside = rawSyscall(keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    expect(await sessionOf(haco())).toBe(outside);
    const inside = await sessionOf(haco().sessionKeyring());
    expect(inside).toBeGreaterThan(0);
    expect(inside).not.toBe(outside);
  });

  test('is empty, and belongs to the user of the command', async () => {
    if (!hasKeyrings) return;
    const user = haco().user(54_321).sessionKeyring().command('/bin/cat', '/proc/keys');
    const { stdout, enforced } = await orThrow(user.run());
    const own = stdout.split('\n').filter((line) => line.includes('_ses'));
    expect(own.at(-1)).toMatch(/ 54321 .* keyring +_ses: empty$/);
    expect(enforced).toMatchObject({ sessionKeyring: 'enforced' });
  });
});
