/** The part `confine`: its section, verb and step in one value. */
import { optional, readBoolean, readJson, readObject, type Part } from '@haco/plan';
import type { NoNewPrivilegesMethods } from './methods.js';
import { planNoNewPrivileges } from './plan.js';
import type { ConfineSection } from './section.js';

const readSection = readObject({ noNewPrivileges: optional(readBoolean) });

/** no_new_privs. */
export const noNewPrivs = {
  key: 'confine',
  empty: {},
  verbs: { noNewPrivileges: (section) => ({ ...section, noNewPrivileges: true }) },
  parse: (json) => readJson(readSection, json),
  validate: () => [],
  facts: ({ noNewPrivileges }) => (noNewPrivileges === true ? { noNewPrivileges } : {}),
  plan: ({ noNewPrivileges }) => (noNewPrivileges === true ? [planNoNewPrivileges()] : []),
} as const satisfies Part<'confine', ConfineSection, NoNewPrivilegesMethods>;
