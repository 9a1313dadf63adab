/** Whoever enters a container that others live in must be out of their reach until it has become theirs. */
import { syscall, type Phase, type Step } from '@haco/plan';
import { PR_SET_DUMPABLE } from './constants.js';
import type { NamespacesSection } from './section.js';

/** The step. */
export function nonDumpable(phase: Extract<Phase, 'join' | 'identity'>): Step {
  return {
    id: 'namespaces.non-dumpable',
    phase,
    label: 'forbid others to trace this process or to read its memory',
    why: "processes of the joined namespaces could otherwise reach the host's files through it before it executes the command, which ends this (CVE-2016-9962)",
    operations: [syscall('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0])],
    from: 'namespaces.enter',
    source: 'PR_SET_DUMPABLE(2const)',
  };
}

/**
 * When namespaces are entered: in the launcher and before the first of them, so that the container's process is born out of reach.
 * With a new user namespace it must wait until the id map is written, since /proc/self of a non-dumpable process belongs to root.
 */
export function planNonDumpable(section: NamespacesSection): readonly Step[] {
  if (section.enter.length === 0) return [];
  return [nonDumpable(section.unshare.includes('user') ? 'identity' : 'join')];
}
