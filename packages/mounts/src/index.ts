/**
 * The file tree of a container: its root directory, bind mounts, tmpfs, overlays, and the filesystems of the kernel.
 *
 * @packageDocumentation
 */
export { independentNames, type IndependentName } from './kinds/independent-names.js';
export type {
  ChrootOptions,
  FileOptions,
  MountMethods,
  MountOptions,
  OverlayOptions,
  ProcfsKind,
  TmpfsOptions,
} from './methods.js';
export { mounts } from './part.js';
export { dockerMaskedPaths, dockerReadonlyPaths } from './paths.js';
export type {
  BindEntry,
  FileEntry,
  FilesystemEntry,
  HidePid,
  IndependentEntry,
  MountAttributes,
  MountEntry,
  MountsSection,
  NetworkEtcEntry,
  OverlayEntry,
  ProcfsOptions,
  Propagation,
  RootEntry,
  Rootfs,
  TmpfsEntry,
} from './section.js';
