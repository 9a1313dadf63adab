/** Bind mounts: a directory or file of the host, seen inside. */
import { flags, slot, syscall, type Operation, type Step, plain } from '@haco/plan';
import {
  describeAttributes,
  hasAttributes,
  isLegacy,
  planAttributes,
  planLegacyAttributes,
  propagationOf,
  type AttributeChange,
} from '../attributes.js';
import { AT_FDCWD, openTreeFlags } from '../constants.js';
import { idmappedSlot } from '../idmapped.js';
import type { BindEntry, MountsSection } from '../section.js';
import type { Situation } from '../situation.js';
import { planAttach } from '../target.js';
import { entryStep, targetOf, type EntryContext } from './entry-steps.js';

/** Whether the source must be opened while it still belongs to its peer group. */
function staysConnected({ propagation }: BindEntry): boolean {
  return propagation === 'slave' || propagation === 'shared';
}

function isRecursive({ recursive = true }: BindEntry): boolean {
  return recursive;
}

/** As many sources as are found before the rest: each keeps a slot, and a launcher has 128. */
const mostFound = 64;

/**
 * Whether the source is found before a new root lies on top of the host's: a link of the host with `..` that reaches its root, as
 * `/etc/resolv.conf -> ../run/…`, would lead into that, where the image says what is there.
 */
function isFoundFirst(entry: BindEntry, { ownMounts, hasRoot }: Situation, index: number): boolean {
  return ownMounts && hasRoot && index < mostFound && entry.idmap === undefined && !staysConnected(entry);
}

function openSource(entry: BindEntry, save: string, found?: string): Operation {
  const below = isRecursive(entry) ? (['AT_RECURSIVE'] as const) : [];
  const empty = found === undefined ? [] : (['AT_EMPTY_PATH'] as const);
  const how = flags(openTreeFlags, ...empty, 'OPEN_TREE_CLONE', ...below, 'OPEN_TREE_CLOEXEC');
  return syscall('open_tree', found === undefined ? [AT_FDCWD, entry.source, how] : [slot(found), '', how], { save });
}

function slotOf(entry: BindEntry, index: number): string {
  if (entry.idmap !== undefined) return idmappedSlot(index);
  return staysConnected(entry) ? `mounts.source.${String(index)}` : 'mounts.new';
}

function foundSlot(index: number, name = ''): string {
  return `mounts.found.${String(index)}${name}`;
}

/** The step that finds a source, when that is done before the root is there. Copied it is in its turn: so mounts are listed in theirs. */
export function planSource(entry: BindEntry, situation: Situation, index: number, name?: string): readonly Step[] {
  if (!isFoundFirst(entry, situation, index)) return [];
  const find = flags(openTreeFlags, 'OPEN_TREE_CLOEXEC');
  return [
    {
      id: `mounts.source.${String(index)}`,
      phase: 'mounts',
      label: `open ${entry.source}, to bind it on ${entry.target}`,
      why: 'a link of the host that reaches its root by ".." would lead into the container\'s, once that lies there',
      operations: [syscall('open_tree', [AT_FDCWD, entry.source, find], { save: foundSlot(index, name) })],
      from: `mounts.entries[${String(index)}]`,
      needs: [situation.mayMount],
      requires: ['open_tree'],
      source: 'path_resolution(7)',
    },
  ];
}

/** Sources that must be opened before the whole tree becomes private. */
export function planConnectedSources({ entries }: MountsSection, situation: Situation): readonly Step[] {
  const connected = entries.flatMap((entry, index) =>
    entry.kind === 'bind' && staysConnected(entry) ? [{ entry, index }] : [],
  );
  if (connected.length === 0) return [];
  return [
    {
      id: 'mounts.connected',
      phase: 'mounts',
      label: `open ${connected.map(({ entry }) => entry.source).join(', ')} while later mounts still propagate`,
      why: 'a copy made now stays in the peer group of its source, a copy made after the tree became private would not',
      operations: connected.map(({ entry, index }) => openSource(entry, slotOf(entry, index))),
      from: 'mounts.entries',
      needs: [situation.mayMount],
      requires: ['open_tree'],
      source: 'mount_namespaces(7)',
    },
  ];
}

/** What a bind mount changes of its source's mount. */
export function attributeChangeOf(entry: BindEntry, mount: string): AttributeChange {
  return plain({
    mount,
    attributes: entry,
    recursive: isRecursive(entry),
    // Also shared: a source that is nobody's peer on the host begins a group of its own.
    ...propagationOf(entry.propagation),
  });
}

/** The step. */
export function planBind(entry: BindEntry, context: EntryContext, name?: string): Step {
  const { situation, index } = context;
  const mount = slotOf(entry, index);
  const change = attributeChangeOf(entry, mount);
  const found = isFoundFirst(entry, situation, index) ? foundSlot(index, name) : undefined;
  const legacy = entry.idmap === undefined && isLegacy(change, situation);
  const target = targetOf(context, entry.target, { slot: mount });
  return entryStep(context, {
    id: `mounts.bind.${String(index)}`,
    label: `bind ${entry.source} on ${entry.target}${entry.idmap === undefined ? '' : ', idmapped'}${describeAttributes(entry)}`,
    why: 'the copy of the mount is made, restricted and only then attached, so it is never seen without its restrictions',
    operations: [
      // An idmapped mount came with its attributes.
      ...(staysConnected(entry) || entry.idmap !== undefined ? [] : [openSource(entry, mount, found)]),
      ...(legacy || entry.idmap !== undefined ? [] : planAttributes(change)),
      ...planAttach(situation, mount, target),
      ...(legacy ? planLegacyAttributes(change, situation) : []),
    ],
    source: 'open_tree(2)',
    requires: !legacy && (hasAttributes(entry) || change.propagation !== undefined) ? ['mount_setattr'] : [],
  });
}
