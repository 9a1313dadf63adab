/** devtmpfs: all devices of the host. */
import { planFilesystem } from '../filesystem.js';
import { planAttach } from '../target.js';
import type { IndependentKind } from './kind.js';

export const devtmpfs: IndependentKind = {
  target: '/dev',
  what: 'the devtmpfs',
  why: 'there is one for the whole machine, so it shows all devices of the host and changes in it reach the host; a container that needs no hardware is better served by independent("dev")',
  source: 'mount(8)',
  throwAway: false,
  plan: (situation, target) => [
    ...planFilesystem({ type: 'devtmpfs', attributes: { nosuid: true, noexec: true }, save: 'mounts.new' }),
    ...planAttach(situation, 'mounts.new', target),
  ],
  check: ({ inUserNamespace }) =>
    inUserNamespace
      ? [
          {
            kind: 'permission',
            message: 'devtmpfs can\'t be mounted in a user namespace; use independent("dev").',
          },
        ]
      : [],
};
