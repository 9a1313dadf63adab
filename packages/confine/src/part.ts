/** The part `confine`: its section, verbs and steps in one value. */
import { optional, readBoolean, readJson, readObject, type Part } from '@haco/plan';
import type { ConfineMethods } from './methods.js';
import { planNoNewPrivileges } from './no-new-privs.js';
import type { ConfineSection } from './section.js';

const readSection = readObject({ noNewPrivileges: optional(readBoolean) });

/** What confines a container beyond namespaces and capabilities. */
export const confine = {
  key: 'confine',
  empty: {},
  verbs: { noNewPrivileges: (section) => ({ ...section, noNewPrivileges: true }) },
  parse: (json) => readJson(readSection, json),
  validate: () => [],
  plan: ({ noNewPrivileges }) => (noNewPrivileges === true ? [planNoNewPrivileges()] : []),
} as const satisfies Part<'confine', ConfineSection, ConfineMethods>;
