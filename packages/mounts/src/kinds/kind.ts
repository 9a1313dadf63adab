/** What a file in this folder says of one filesystem of the kernel. */
import type { Need, Operation, Warning } from '@haco/plan';
import type { IndependentEntry } from '../section.js';
import type { Situation } from '../situation.js';
import type { Target } from '../target.js';

/** What an entry says besides which one it is. */
export type IndependentOptions = Omit<IndependentEntry, 'kind' | 'name'>;

/** A filesystem that a container can have an instance of its own of. */
export interface IndependentKind {
  /** Absolute path inside. */
  readonly target: string;
  /** What is mounted, for the label. */
  readonly what: string;
  readonly why: string;
  /** Man page. */
  readonly source: string;
  /** Directories can be made in it without touching the host. */
  readonly throwAway: boolean;
  readonly plan: (situation: Situation, target: Target, options: IndependentOptions) => readonly Operation[];
  /** Capabilities besides the one that mounting needs. */
  readonly needs?: (situation: Situation) => readonly Need[];
  /** What will fail in this situation. */
  readonly check?: (situation: Situation) => readonly Omit<Warning, 'step'>[];
}

/** Nothing, unless the container is in a user namespace without its own namespace of the kind that owns the filesystem. */
export function needsOwn(
  kind: 'pid' | 'net' | 'ipc' | 'cgroup',
  name: string,
): (situation: Situation) => readonly Omit<Warning, 'step'>[] {
  return ({ inUserNamespace, has }) =>
    !inUserNamespace || has(kind)
      ? []
      : [
          {
            kind: 'permission',
            message: `In a user namespace ${name} can only be mounted together with new namespaces of kind ${kind}; add unshare("${kind}").`,
          },
        ];
}
