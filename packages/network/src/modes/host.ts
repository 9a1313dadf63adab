/** The network of the host, said aloud. */
import { issue, readObject, readOneOf } from '@haco/plan';
import { modePath, noNamespace, type ModeRow } from './mode.js';

/** The container shares the net namespace of its caller. */
export interface HostMode {
  readonly kind: 'host';
}

export const host: ModeRow<HostMode> = {
  read: readObject({ kind: readOneOf(['host']) }),
  title: () => 'network("host")',
  namespaces: () => noNamespace,
  publishes: false,
  ownEtc: false,
  validate: (_mode, facts) =>
    facts.unshared.includes('net') || facts.entered.includes('net')
      ? [issue(modePath, 'network("host") is the network of the host; leave it out, or the other net namespace')]
      : [],
  plan: () => [],
};
