/**
 * The file tree of a container: its root directory, bind mounts, tmpfs, overlays, and the filesystems of the kernel.
 *
 * @packageDocumentation
 */
export { independentNames, type IndependentName } from './kinds/independent-names.js';
export type { ChrootOptions, MountMethods, MountOptions, TmpfsOptions } from './methods.js';
export { mounts } from './part.js';
export type {
  BindEntry,
  FilesystemEntry,
  IndependentEntry,
  MountAttributes,
  MountEntry,
  MountsSection,
  NetworkEtcEntry,
  Propagation,
  RootEntry,
  Rootfs,
  TmpfsEntry,
} from './section.js';
