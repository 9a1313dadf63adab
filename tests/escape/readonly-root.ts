/** A read-only root whose image has a /proc of its own making: what makes the root read-only must not be led elsewhere. */
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { orThrow, type Builder } from '@haco/core';
import type { TestRootfs } from '@haco/testkit';
import { expect } from 'vitest';

/** By name and late, as crun did: the path of the root's descriptor is looked up in the image. */
const late = `
  mount --bind $root $root && mount -t tmpfs decoy $root/a && exec 3<$root &&
  mount -o remount,bind,ro $root/proc/self/fd/3 && touch $root/written && echo writable; rm -f $root/written`;

/**
 * Write into the root of a container.
 *
 * @param weak - runs a script of the weakened way, which mounts by name; it knows `$root`
 * @param builders - containers with this root, read-only
 */
export async function writeToReadonlyRoot(
  rootfs: TestRootfs,
  weak: (script: string) => string,
  builders: readonly Builder[],
): Promise<void> {
  chmodSync(rootfs.inside('/proc'), 0o755);
  mkdirSync(rootfs.inside('/proc/self/fd'), { recursive: true });
  for (let fd = 0; fd < 64; fd++) symlinkSync('../../../a', rootfs.inside(`/proc/self/fd/${String(fd)}`));
  expect(weak(late)).toBe('writable');
  for (const builder of builders) {
    const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', 'touch /written && echo writable').run());
    expect(stdout).toBe('');
    expect(stderr).toContain('Read-only file system');
  }
}
