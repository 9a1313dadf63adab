/** no_new_privs on the real kernel. */
import { copyFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { describeWith, makeTemporaryDirectory } from '@haco/testkit';
import { expect, test } from 'vitest';
import { rmSync } from 'node:fs';

describeWith(['root'], 'noNewPrivileges', () => {
  test('a set-uid program gives nothing, and would without it', async () => {
    const directory = await makeTemporaryDirectory('setuid');
    try {
      chmodSync(directory, 0o755);
      const program = join(directory, 'id');
      copyFileSync('/usr/bin/id', program);
      chmodSync(program, 0o4755);
      const base = haco().user(12345).command(program, '-u');
      expect((await orThrow(base.run())).stdout).toBe('0\n');
      expect((await orThrow(base.noNewPrivileges().run())).stdout).toBe('12345\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
