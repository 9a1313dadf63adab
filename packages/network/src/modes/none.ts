/** No network but the loopback interface. */
import { issue, readObject, readOneOf } from '@haco/plan';
import { planLoopback } from '../loopback.js';
import { modePath, ownNamespace, type ModeRow } from './mode.js';

/** The container reaches itself, and nobody else. */
export interface NoneMode {
  readonly kind: 'none';
}

export const none: ModeRow<NoneMode> = {
  read: readObject({ kind: readOneOf(['none']) }),
  title: () => 'network("none")',
  namespaces: () => ownNamespace,
  publishes: false,
  ownEtc: false,
  validate: (_mode, facts) =>
    facts.entered.includes('net')
      ? [issue(modePath, 'network("none") makes a net namespace; leave it out, or enter("net", …)')]
      : [],
  plan: () => [planLoopback()],
};
