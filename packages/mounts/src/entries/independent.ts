/** Filesystems of the kernel as instances of the container's own. */
import type { Step } from '@haco/plan';
import { independentKinds } from '../kinds/index.js';
import type { IndependentEntry } from '../section.js';
import { entryStep, targetOf, type EntryContext } from './entry-steps.js';

/** The step. */
export function planIndependent(entry: IndependentEntry, context: EntryContext): Step {
  const { situation } = context;
  const { name } = entry;
  const kind = independentKinds[name];
  return entryStep(context, {
    id: `mounts.${name}`,
    label: `mount ${entry.writable === true ? kind.what.replace('read-only', 'writable') : kind.what} on ${kind.target}`,
    why: kind.why,
    operations: kind.plan(
      situation,
      {
        ...targetOf(context, kind.target, 'directory'),
        plain: true,
      },
      entry,
    ),
    source: kind.source,
    needs: kind.needs?.(situation) ?? [],
  });
}
