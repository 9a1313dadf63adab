/** The host's name resolution inside: two files, bound read-only. */
import { flags, plain, slot, syscall, type Operation, type Step } from '@haco/plan';
import { planAttributes } from '../attributes.js';
import { AT_FDCWD, moveMountFlags, openTreeFlags } from '../constants.js';
import type { BindEntry, NetworkEtcEntry } from '../section.js';
import { planAttach, planFind } from '../target.js';
import type { Situation } from '../situation.js';
import { planBind, planSource } from './bind.js';
import { targetOf, type EntryContext } from './entry-steps.js';

const files = ['resolv.conf', 'hosts'] as const;

/** The two binds that the entry stands for. */
export function bindsOf({ hostEtc }: NetworkEtcEntry): readonly BindEntry[] {
  const directory = hostEtc.replace(/\/+$/, '');
  return files.map((file) => ({
    kind: 'bind',
    source: `${directory}/${file}`,
    target: `/etc/${file}`,
    readonly: true,
    // One file has nothing below.
    recursive: false,
  }));
}

/** Of the slot of a source. */
function nameOf(at: number): string {
  return `.${files[at] ?? ''}`;
}

/** The steps that open them, where that is done before the root is there. */
export function planEtcSources(entry: NetworkEtcEntry, situation: Situation, index: number): readonly Step[] {
  const steps = bindsOf(entry).flatMap((bind, at) => planSource(plain(bind), situation, index, nameOf(at)));
  const [first] = steps;
  if (first === undefined) return [];
  const label = `open resolv.conf and hosts of ${entry.hostEtc}, to bind them on those in /etc`;
  return [{ ...first, label, operations: steps.flatMap(({ operations }) => operations) }];
}

/** One step for both. */
export function planNetworkEtc(entry: NetworkEtcEntry, context: EntryContext): Step {
  const steps = bindsOf(entry).map((bind, at) => planBind(plain(bind), context, nameOf(at)));
  const [first] = steps;
  return {
    phase: 'mounts',
    id: `mounts.network-etc.${String(context.index)}`,
    label: `bind resolv.conf and hosts of ${entry.hostEtc} on those in /etc, read-only`,
    why: 'the container resolves names as the host does, also when the host changes them, and cannot change them itself',
    operations: steps.flatMap(({ operations }) => operations),
    from: `mounts.entries[${String(context.index)}]`,
    needs: first?.needs ?? [],
    requires: first?.requires ?? [],
    source: 'resolv.conf(5)',
  };
}

const attributes = { readonly: true, nosuid: true, nodev: true, noexec: true };

/** Bind a file on one that is there, or on one that can be made; leave it out where there is no place for it. */
function planFile(source: string, target: string, context: EntryContext): readonly Operation[] {
  const { situation } = context;
  const mount = 'mounts.new';
  const make = [
    syscall('open_tree', [AT_FDCWD, source, flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')], {
      save: mount,
    }),
    // What the container could write into on an older kernel is a copy of its own.
    ...(situation.host.features.mount_setattr ? planAttributes({ mount, attributes, recursive: false }) : []),
  ];
  const place = targetOf(context, target, 'file');
  if (place.throwAway !== undefined) return [...make, ...planAttach(situation, mount, place)];
  const found = 'mounts.target';
  const attach = syscall('move_mount', [
    slot(mount),
    '',
    slot(found),
    '',
    flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
  ]);
  const rest = [...make, attach];
  return [planFind(situation, target, found, { skip: rest.length }), ...rest];
}

/** The files that a network brings. A root without `/etc/resolv.conf` has nobody who reads it: the host's tree isn't changed for that. */
export function planOwnEtc(directory: string, context: EntryContext): Step {
  const { situation } = context;
  return {
    id: 'mounts.network-etc.own',
    phase: 'mounts',
    label: 'bind resolv.conf and hosts of its network on those in /etc, read-only, where there are any',
    why: "the host's name servers and names may mean nothing in another network",
    operations: files.flatMap((file) => planFile(`${directory}/${file}`, `/etc/${file}`, context)),
    from: 'network.mode',
    needs: [situation.mayMount],
    requires: ['open_tree', 'openat2'],
    source: 'resolv.conf(5)',
  };
}
