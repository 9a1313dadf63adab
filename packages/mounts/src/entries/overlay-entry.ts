/** A writable layer over a directory of the container. */
import type { Step } from '@haco/plan';
import { planLayer } from '../layer.js';
import type { OverlayEntry } from '../section.js';
import { entryStep, type EntryContext } from './entry-steps.js';

/** The step. */
export function planOverlayEntry(
  { target, mode = 0o755, optional = false }: OverlayEntry,
  context: EntryContext,
): Step {
  const { situation, index } = context;
  return entryStep(context, {
    id: `mounts.overlay.${String(index)}`,
    label: `lay a throw-away writable layer over ${target}${optional ? ', where it can be' : ''}`,
    why: 'the container may change everything there and nobody else sees it; what lies below is only read',
    operations: planLayer(situation, { path: target, mode, optional }, String(index)),
    source: 'https://docs.kernel.org/filesystems/overlayfs.html',
  });
}
