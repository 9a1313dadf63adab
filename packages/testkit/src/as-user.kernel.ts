/** Commands and functions as nobody. */
import { expect, test } from 'vitest';
import { asUser, callAsUser } from './as-user.js';
import { describeWith } from './describe-with.js';
import { expectNothingLeft } from './expect-nothing-left.js';
import { parseReport } from './probe-answers.js';
import { probePath } from './probe.js';

describeWith(['root', 'probe'], 'another user', () => {
  test('has neither groups nor capabilities, and its own home', async () => {
    const { stdout } = await expectNothingLeft(() => asUser([probePath(), 'report', 'ids', 'caps', 'env', 'cwd']));
    const { ids, caps, env, cwd } = parseReport(['ids', 'caps', 'env', 'cwd'], stdout);
    expect(ids).toMatchObject({ uid: 65534, euid: 65534, suid: 65534, gid: 65534, groups: [] });
    expect(caps).toMatchObject({ permitted: '0000000000000000', effective: '0000000000000000' });
    expect(Object.keys(env).sort()).toEqual(['HOME', 'LANG', 'PATH', 'XDG_RUNTIME_DIR']);
    expect(cwd.cwd).toBe(env['HOME']);
  });

  test('runs a function with arguments and returns its value', async () => {
    const value = await callAsUser(
      (base: number) => {
        const { statSync } = process.getBuiltinModule('node:fs');
        return { sum: base + 1, uid: process.getuid?.(), owner: statSync(process.env['HOME'] ?? '').uid };
      },
      { uid: 12345, args: [41] },
    );
    expect(value).toEqual({ sum: 42, uid: 12345, owner: 12345 });
  });

  test('an error in the function comes back as one', async () => {
    const failing = callAsUser(() => process.getBuiltinModule('node:fs').readdirSync('/root'), { args: [] });
    await expect(failing).rejects.toThrow('EACCES: permission denied');
  });
});
