/**
 * The file tree of a container: its root directory, bind mounts, tmpfs, overlays, and the filesystems of the kernel.
 *
 * @packageDocumentation
 */
export type { OverlayChange } from './host/changes.js';
export { copyTree, type TreeCopy } from './host/copy-tree.js';
export type { Aspect, FileType } from './host/difference.js';
export { overlayRoot, type OverlayRoot } from './host/overlay-root.js';
export { standardDevices, standardLinks } from './kinds/standard-dev.js';
export { independentNames, type IndependentName } from './kinds/independent-names.js';
export type {
  ChrootOptions,
  FileOptions,
  KeptRoot,
  MountMethods,
  MountOptions,
  OverlayOptions,
  ProcfsKind,
  TmpfsOptions,
} from './methods.js';
export { missingLxcfs } from './host/missing-lxcfs.js';
export { lxcfsRemedy, lxcfsStepId } from './lxcfs.js';
export { mounts } from './part.js';
export { dockerMaskedPaths, dockerReadonlyPaths } from './paths.js';
export type {
  BindEntry,
  DeviceNode,
  FileEntry,
  FilesystemEntry,
  HidePid,
  MountIdMap,
  IndependentEntry,
  MountAttributes,
  MountEntry,
  MountsSection,
  NetworkEtcEntry,
  NodesEntry,
  OverlayEntry,
  ProcfsOptions,
  Propagation,
  RootEntry,
  Rootfs,
  TmpfsEntry,
} from './section.js';
