/** Profiles in files: read once, and again when somebody has changed them. */
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProfileFile } from './profile-file.js';

describe('a profile in a file', () => {
  let directory: string;
  let file: string;
  const write = (name: string): void =>
    writeFileSync(
      file,
      JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO' }] }),
    );
  const named = (): readonly string[] => readProfileFile(file)._unsafeUnwrap().syscalls?.[0]?.names ?? [];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'haco-profile-'));
    file = join(directory, 'profile.json');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('that has just changed is read each time', () => {
    for (const name of ['chmod', 'chown', 'mkdir']) {
      write(name);
      expect(named()).toEqual([name]);
    }
  });

  test('that has settled is read once, and nobody can change what was read', async () => {
    write('chmod');
    await sleep(1100);
    const first = readProfileFile(file)._unsafeUnwrap();
    expect(readProfileFile(file)._unsafeUnwrap()).toBe(first);
    expect(Object.isFrozen(first.syscalls?.[0]?.names)).toBe(true);
  });

  test('that was changed since is read again, also when its size and its time of modification are as before', () => {
    const { atime, mtime } = statSync(file);
    write('chown');
    utimesSync(file, atime, mtime);
    expect(named()).toEqual(['chown']);
  });
});
