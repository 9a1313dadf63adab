/** What will fail on a host, told before it is tried, with what mends it. */
import {
  isKernelAtLeast,
  missingCall,
  missingRights,
  type MissingRights,
  type PlanContext,
  type Warning,
} from '@haco/plan';
import { hasAttributes } from './attributes.js';
import { attributeChangeOf } from './entries/bind.js';
import { independentKinds } from './kinds/index.js';
import { isLayeredHost } from './layer.js';
import type { MountsSection } from './section.js';
import { situationOf, type Situation } from './situation.js';

type Check = (section: MountsSection, situation: Situation) => readonly Warning[];

const checkKinds: Check = ({ entries }, situation) =>
  entries.flatMap((entry) =>
    entry.kind === 'independent'
      ? (independentKinds[entry.name].check?.(situation, entry) ?? []).map((warning) => ({
          step: `mounts.${entry.name}`,
          ...warning,
        }))
      : [],
  );

const checkKernel: Check = (section, { host, ownMounts }) => {
  const { rootfs, entries, readonly = false, masked = [], readonlyPaths = [] } = section;
  const { open_tree, openat2, mount_setattr } = host.features;
  const mounts = entries.length + masked.length + readonlyPaths.length > 0 || (ownMounts && rootfs !== undefined);
  if (mounts && !(open_tree && openat2)) {
    const { what, remedy } = open_tree ? missingCall(host, 'openat2', '5.6') : missingCall(host, 'open_tree', '5.2');
    const message = `${what}, without which mounts in a container can't be made safely; ${remedy}, or use a chroot without a mount namespace.`;
    return [{ step: 'mounts.root', kind: 'unsupported', message }];
  }
  if (mount_setattr) return [];
  const missing = missingCall(host, 'mount_setattr', '5.12');
  const tooNew = (step: string, what: string, instead: string): Warning => ({
    step,
    kind: 'unsupported',
    message: `${missing.what}, which is needed to restrict ${what}; ${missing.remedy}, or ${instead}.`,
  });
  return [
    ...(readonly && rootfs !== undefined && 'path' in rootfs
      ? [tooNew('mounts.root', 'a root with all mounts below it', 'use chroot(root, { overlay: true })')]
      : []),
    ...(masked.length === 0
      ? []
      : [tooNew('mounts.mask', 'masked paths', 'use a rootfs and kernel filesystems without them')]),
    ...(readonlyPaths.length === 0
      ? []
      : [tooNew('mounts.readonly-paths', 'paths with all mounts below', 'drop capabilities')]),
    ...entries.flatMap((entry, index) => {
      if (entry.kind === 'file') {
        return [tooNew(`mounts.file.${String(index)}`, 'files with given content', 'write it to a tmpfs')];
      }
      if (entry.kind === 'network-etc') {
        return [tooNew(`mounts.network-etc.${String(index)}`, 'bound files', 'copy the two files into the rootfs')];
      }
      if (entry.kind === 'bind') {
        const change = attributeChangeOf(entry, 'mounts.new');
        const restricted = hasAttributes(entry) || change.propagation !== undefined;
        return restricted && change.recursive
          ? [
              tooNew(
                `mounts.bind.${String(index)}`,
                `${entry.source} with all mounts below it`,
                'give { recursive: false } for a directory',
              ),
            ]
          : [];
      }
      return [];
    }),
  ];
};

const checkOverlay: Check = (section, situation) => {
  const { rootfs, entries } = section;
  const { inUserNamespace, host } = situation;
  if (!inUserNamespace) return [];
  const { release } = host.kernel;
  const lower = rootfs !== undefined && 'overlay' in rootfs ? rootfs.overlay.lower : [];
  const overlays = lower.length > 0 || entries.some(({ kind }) => kind === 'overlay');
  const tooOld: Warning = {
    step: 'mounts.root',
    kind: 'unsupported',
    message: `An overlay in a user namespace needs Linux 5.11, this is ${release}; use a newer kernel, or run it with sudo without unshare("user").`,
  };
  const whole: Warning = {
    step: 'mounts.root',
    kind: 'permission',
    message:
      'In a user namespace the kernel makes no overlay of "/" that is kept or has other layers, since that would uncover what lies under its mounts; leave out unshare("user") and run it with sudo, or use chroot("/", { overlay: true }).',
  };
  return [
    ...(overlays && !isKernelAtLeast(host.kernel, '5.11') ? [tooOld] : []),
    ...(lower.includes('/') && !isLayeredHost(section, situation) ? [whole] : []),
  ];
};

/** Linux 5.12 has idmapped mounts; overlayfs takes them as layers since then. */
const layersSince = '5.19';

const checkIdmapped: Check = ({ rootfs, idmap, entries }, { host }) => {
  const isLayer = rootfs !== undefined && 'overlay' in rootfs;
  const roots = rootfs === undefined || idmap === undefined ? [] : isLayer ? rootfs.overlay.lower : [rootfs.path];
  const needed = [
    ...roots.map((source) => ({ step: 'mounts.root', source, isLayer, verb: 'idmapRoot()' })),
    ...entries.flatMap((entry, index) =>
      entry.kind === 'bind' && entry.idmap !== undefined
        ? [{ step: `mounts.bind.${String(index)}`, source: entry.source, isLayer: false, verb: 'idmap' }]
        : [],
    ),
  ];
  return needed.flatMap(({ step, source, isLayer: asLayer, verb }): readonly Warning[] => {
    if (source === '/') {
      const message = `The host's own tree keeps its owners; leave out ${verb}, or use another root.`;
      return [{ step, kind: 'unsupported', message }];
    }
    const [what, since] = asLayer ? ['Overlays of idmapped directories', layersSince] : ['Idmapped mounts', '5.12'];
    const instead = `or change the owners of ${source}`;
    // A distribution may have brought the call to an older kernel; what overlayfs takes only the version tells.
    const isMissing = asLayer || !host.features.mount_setattr;
    if (isMissing && !isKernelAtLeast(host.kernel, since)) {
      const message = `${what} need Linux ${since}, this is ${host.kernel.release}; use a newer kernel, ${instead}.`;
      return [{ step, kind: 'unsupported', message }];
    }
    if (!host.features.mount_setattr) {
      const missing = missingCall(host, 'mount_setattr', '5.12');
      const message = `${missing.what}, without which there are no idmapped mounts; ${missing.remedy}, ${instead}.`;
      return [{ step, kind: 'unsupported', message }];
    }
    if (host.capabilities.includes('sys_admin') && host.userNamespaces.uids === undefined) return [];
    const rights = missingRights(host, 'sys_admin');
    const message = `Mapping the owners of ${source} on the host needs ${rights.what}; ${rights.remedy}, or leave out ${verb}.`;
    return [{ step, kind: 'permission', message }];
  });
};

const changingTheRoot = ({ what, remedy }: MissingRights): string =>
  `Changing the root needs ${what}; add unshare("user"), or ${remedy}.`;

const checkRights: Check = ({ rootfs }, { hasMounts, inUserNamespace, host }) =>
  rootfs === undefined || hasMounts || inUserNamespace || host.capabilities.includes('sys_chroot')
    ? []
    : [
        {
          step: 'mounts.enter',
          kind: 'permission',
          message: changingTheRoot(missingRights(host, 'sys_chroot')),
        },
      ];

/** All checks of this part. */
export function checkSection(section: MountsSection, context: PlanContext): readonly Warning[] {
  const situation = situationOf(section, context);
  return [checkRights, checkKernel, checkOverlay, checkIdmapped, checkKinds].flatMap((check) =>
    check(section, situation),
  );
}
