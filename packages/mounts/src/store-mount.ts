/** The mount of a store: made, and taken away where nothing else does that. */
import { flags, openFlags, slot, syscall, type Operation } from '@haco/plan';
import { AT_FDCWD, umountFlags } from './constants.js';
import { store } from './contents.js';
import { planFilesystem } from './filesystem.js';
import type { Situation } from './situation.js';

const here = 'mounts.here';

/** Make it; it isn't attached anywhere yet. */
export function planStoreMount(size?: number): readonly Operation[] {
  return planFilesystem({
    type: 'tmpfs',
    options: [['mode', '0700'], ...(size === undefined ? [] : [['size', String(size)] as const])],
    attributes: { nosuid: true },
    save: store,
  });
}

/** Detach it, by the working directory: umount2(2) takes no descriptor, and no path leads there. Nothing may lie on it. */
export function planDetach(): readonly Operation[] {
  return [syscall('fchdir', [slot(store)]), syscall('umount2', ['.', flags(umountFlags, 'MNT_DETACH')])];
}

/** With one for a while: without a root of its own, the container stays where its caller was. */
export function planMeanwhile({ host }: Situation, operations: readonly Operation[]): readonly Operation[] {
  return [
    syscall('openat', [AT_FDCWD, '.', flags(openFlags(host.arch), 'O_PATH', 'O_CLOEXEC'), 0], { save: here }),
    ...operations,
    ...planDetach(),
    syscall('fchdir', [slot(here)]),
  ];
}
