/** A volume of the user's in the place of /proc: what is meant for the kernel must not be written into its files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { orThrow, type Builder } from '@haco/core';
import { expect } from 'vitest';

const files = ['oom_score_adj', 'setgroups', 'uid_map', 'gid_map', 'timens_offsets', 'attr/exec', 'attr/current'];

/**
 * Start containers with the directory `outside` at /proc.
 *
 * @param weak - runs a script of the weakened way, which mounts by name; it knows `$root` and `$outside`
 * @param builders - each with what its `oom_score_adj` is, while that of this process is 500
 */
export async function volumeOverProc(
  outside: string,
  weak: (script: string) => string,
  builders: readonly (readonly [builder: Builder, score: RegExp])[],
): Promise<void> {
  const paths = files.map((name) => join(outside, 'self', name));
  for (const path of paths) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'canary\n');
  }
  const canaries = (): readonly string[] => paths.map((path) => readFileSync(path, 'utf8'));
  const untouched = paths.map(() => 'canary\n');
  const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
  weak('mount --bind $outside $root/proc; chroot $root /bin/sh -c "echo 500 >/proc/self/oom_score_adj"');
  expect(canaries()).toEqual(['500\n', ...untouched.slice(1)]);
  writeFileSync(paths[0] ?? '', 'canary\n');
  // Something to reset, so that haco has a reason to write.
  writeFileSync('/proc/self/oom_score_adj', '500');
  try {
    for (const [builder, score] of builders) {
      await using container = await orThrow(builder.command('/bin/sleep', '600').start());
      expect(readFileSync(`/proc/${String(container.pid)}/oom_score_adj`, 'utf8')).toMatch(score);
      void (await container.exec('/bin/true'));
      expect(canaries()).toEqual(untouched);
    }
  } finally {
    writeFileSync('/proc/self/oom_score_adj', own);
  }
}
