/** What pasta and slirp4netns have in common: a program of the user's own speaks for the container. */
import { issue, type Issue, type SharedFacts, type Step } from '@haco/plan';
import { attachBarrier } from '../barriers.js';
import { planLoopback } from '../loopback.js';
import { modePath } from './mode.js';

/** Both need a net namespace that the user owns, and make it the container's. */
export function validateOwner(title: string, facts: SharedFacts): readonly Issue[] {
  return [
    ...(facts.entered.includes('net')
      ? [issue(modePath, `${title} connects a new net namespace; leave it out, or enter("net", …)`)]
      : []),
    ...(facts.unshared.includes('user')
      ? []
      : [issue(modePath, `${title} speaks for a container that has a user namespace of its own; add unshare("user")`)]),
  ];
}

/** The steps: lo, then a pause in which the program is started. */
export function planProgram(title: string, does: readonly string[]): readonly Step[] {
  return [
    {
      id: 'network.attach',
      // Its id map must be there, which on some ways only the process itself writes; its root is still the host's.
      phase: 'mounts',
      label: `connect the container by ${title}`,
      why: 'an ordinary user may not touch the network of the host, but a program of the user can make connections in the name of the container; it ends with the container',
      operations: [{ op: 'barrier', name: attachBarrier, does }],
      from: modePath,
    },
    planLoopback(),
  ];
}
