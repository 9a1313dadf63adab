/** Bind mounts: a directory or file of the host, seen inside. */
import { flags, syscall, type Operation, type Step, plain } from '@haco/plan';
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

function openSource(entry: BindEntry, save: string): Operation {
  const how = isRecursive(entry)
    ? flags(openTreeFlags, 'OPEN_TREE_CLONE', 'AT_RECURSIVE', 'OPEN_TREE_CLOEXEC')
    : flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return syscall('open_tree', [AT_FDCWD, entry.source, how], { save });
}

function slotOf(entry: BindEntry, index: number): string {
  if (entry.idmap !== undefined) return idmappedSlot(index);
  return staysConnected(entry) ? `mounts.source.${String(index)}` : 'mounts.new';
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
export function attributeChangeOf(entry: BindEntry, index: number): AttributeChange {
  return plain({
    mount: slotOf(entry, index),
    attributes: entry,
    recursive: isRecursive(entry),
    // Also shared: a source that is nobody's peer on the host begins a group of its own.
    ...propagationOf(entry.propagation),
  });
}

/** The step. */
export function planBind(entry: BindEntry, context: EntryContext): Step {
  const { situation, index } = context;
  const mount = slotOf(entry, index);
  const change = attributeChangeOf(entry, index);
  const legacy = entry.idmap === undefined && isLegacy(change, situation);
  const target = targetOf(context, entry.target, { slot: mount });
  return entryStep(context, {
    id: `mounts.bind.${String(index)}`,
    label: `bind ${entry.source} on ${entry.target}${entry.idmap === undefined ? '' : ', idmapped'}${describeAttributes(entry)}`,
    why: 'the copy of the mount is made, restricted and only then attached, so it is never seen without its restrictions',
    operations: [
      // An idmapped mount came with its attributes.
      ...(staysConnected(entry) || entry.idmap !== undefined ? [] : [openSource(entry, mount)]),
      ...(legacy || entry.idmap !== undefined ? [] : planAttributes(change)),
      ...planAttach(situation, mount, target),
      ...(legacy ? planLegacyAttributes(change, situation) : []),
    ],
    source: 'open_tree(2)',
    requires: !legacy && (hasAttributes(entry) || change.propagation !== undefined) ? ['mount_setattr'] : [],
  });
}
