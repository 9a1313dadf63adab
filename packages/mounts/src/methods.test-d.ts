/** What compiles, and what must not: mounts need a mount namespace. */
import type { HasNamespace, NamespaceKind } from '@haco/plan';
import { describe, expectTypeOf, test } from 'vitest';
import type { MountMethods } from './methods.js';
import { dockerMaskedPaths } from './paths.js';

interface Builder extends MountMethods {
  unshare<const K extends readonly NamespaceKind[]>(...kinds: K): this & HasNamespace<K[number]>;
  command(file: string): this;
}
declare const haco: Builder;

describe('marks', () => {
  test('a chroot needs none, its options do', () => {
    expectTypeOf(haco.chroot('/a').command('true')).toExtend<Builder>();
    haco.chroot('/a', { mode: 'chroot' });
    haco
      .unshare('mount')
      .chroot('/a', { overlay: { size: '1MiB' }, readonly: true })
      .tmpfs('/tmp');
    // @ts-expect-error an overlay would be mounted on the host
    haco.chroot('/a', { overlay: true });
    // @ts-expect-error there is no mount namespace to pivot
    haco.unshare('pid').chroot('/a', { mode: 'pivot_root' });
  });

  test('mounts need a mount namespace', () => {
    haco
      .unshare('mount', 'pid')
      .mount('/a', '/b', { readonly: true, propagation: 'slave' })
      .tmpfs('/tmp', { size: '64MiB' })
      .independent('procfs', 'dev')
      .networkEtc()
      .independent({ name: 'procfs', subset: 'pid' })
      .file('/etc/x', 'text', { mode: 0o600 })
      .file('/etc/y', new Uint8Array())
      .mask(...dockerMaskedPaths)
      .readonlyPaths('/proc/sys')
      .command('true');
    // @ts-expect-error would be mounted on the host
    haco.mount('/a', '/b');
    // @ts-expect-error would be mounted on the host
    haco.unshare('pid').tmpfs('/tmp');
    // @ts-expect-error would be mounted on the host
    haco.independent('procfs');
    // @ts-expect-error would be mounted on the host
    haco.networkEtc();
    // @ts-expect-error would be masked on the host
    haco.mask('/proc/kcore');
    // @ts-expect-error options are those of procfs
    haco.unshare('mount').independent({ name: 'sysfs', subset: 'pid' });
    // @ts-expect-error no such filesystem
    haco.unshare('mount').independent('proc');
  });
});
