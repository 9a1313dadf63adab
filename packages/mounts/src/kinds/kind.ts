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
  readonly check?: (situation: Situation, options: IndependentOptions) => Problems;
}

type Problems = readonly Omit<Warning, 'step'>[];

/** Nothing, unless the container is in a user namespace without its own namespace of the kind that owns the filesystem. */
export function needsOwn(kind: 'pid' | 'net' | 'ipc' | 'cgroup', name: string): (situation: Situation) => Problems {
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

/** Nothing, unless the kernel would uncover by a new one what is covered for the caller; mount_too_revealing() in fs/namespace.c. */
export function uncoversNothing(name: 'procfs' | 'sysfs', place: string): (situation: Situation) => Problems {
  return ({ isLocked, host }) => {
    const covered = host.covered?.[name];
    if (!isLocked || covered === undefined) return [];
    const [first, ...others] = covered;
    const all = others.length === 0 ? `${first ?? ''} is` : `${first ?? ''} and ${String(others.length)} more are`;
    const here =
      first === undefined ? 'there is none here that could be shown whole' : `${all} covered here, as in a container`;
    return [
      {
        kind: 'permission',
        message: `The kernel shows a new user namespace no more of ${name} than its maker sees, and ${here}; start the outer container without that (docker run --security-opt systempaths=unconfined), leave out unshare("user") and run it as root, or bind what is there by mount("${place}", "${place}").`,
      },
    ];
  };
}
