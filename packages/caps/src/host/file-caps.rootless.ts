/** What an ordinary user may do with the capabilities of a file. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, makeTemporaryDirectory } from '@haco/testkit';
import { expect, test } from 'vitest';
import { readFileCapabilities, writeFileCapabilities } from './file-caps.js';

describeWith(['ordinary-user'], 'capabilities of a file, for an ordinary user', () => {
  test('can be read, and setting them is refused with what it takes', async () => {
    const directory = await makeTemporaryDirectory('file-caps');
    try {
      const file = join(directory, 'program');
      copyFileSync('/bin/true', file);
      expect(readFileCapabilities(file)._unsafeUnwrap()).toBeUndefined();
      expect(writeFileCapabilities(file, { permitted: ['kill'] })._unsafeUnwrapErr().message).toBe(
        `Not allowed to set the capabilities of ${file}: that takes CAP_SETFCAP over the file, and a file system of this user namespace; run it as root.`,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
