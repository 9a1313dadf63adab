/** Real commands under a real strace. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeWith } from './describe-with.js';
import { expectNothingLeft } from './expect-nothing-left.js';
import { probePath } from './probe.js';
import { straceSyscalls, straceWhile } from './strace.js';

describeWith(['strace', 'probe'], 'strace', () => {
  test('lists the calls of a command and its children, and passes on how it ended', async () => {
    const { calls, stdout, exitCode } = await straceSyscalls([probePath(), 'zombies', '2'], {
      syscalls: ['%process', 'kill'],
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('"orphans":2');
    expect(calls[0]).toMatchObject({ name: 'execve', result: 0 });
    expect(new Set(calls.map(({ pid }) => pid)).size).toBe(5);
    expect(calls.filter(({ name }) => name === 'kill')).toHaveLength(2);
  });

  test('a command that does not exist is an error', async () => {
    await expect(straceSyscalls(['/no/such/program'])).rejects.toThrow(/no\/such\/program/);
  });

  test('watches this very process for a while, and leaves nothing behind', async () => {
    const { value, calls } = await expectNothingLeft(() =>
      straceWhile(process.pid, () => readFileSync('/etc/hostname', 'utf8'), { syscalls: ['open', 'openat'] }),
    );
    expect(value).not.toBe('');
    expect(calls.filter(({ args }) => args.includes('"/etc/hostname"'))).toHaveLength(1);
  });
});
