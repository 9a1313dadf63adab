/** The host's name resolution inside: two files, bound read-only. */
import type { Step } from '@haco/plan';
import type { BindEntry, NetworkEtcEntry } from '../section.js';
import { planBind } from './bind.js';
import { type EntryContext } from './entry-steps.js';

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

/** One step for both. */
export function planNetworkEtc(entry: NetworkEtcEntry, context: EntryContext): Step {
  const steps = bindsOf(entry).map((bind) => planBind(bind, context));
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
