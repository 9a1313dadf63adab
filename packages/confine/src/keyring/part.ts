/** The part `keyring`: its section, verb, check and step in one value. */
import {
  flags,
  optional,
  readBoolean,
  readJson,
  readObject,
  syscall,
  type Part,
  type PlanContext,
  type Step,
  type Warning,
} from '@haco/plan';
import type { KeyringMethods } from './methods.js';

/** Which keyrings a container begins with: the section `keyring` of the spec. */
export interface KeyringSection {
  /** An empty session keyring of its own. */
  readonly session?: boolean;
}

const KEYCTL_JOIN_SESSION_KEYRING = flags({ KEYCTL_JOIN_SESSION_KEYRING: 1 }, 'KEYCTL_JOIN_SESSION_KEYRING');
const stepId = 'keyring.session';

const step: Step = {
  id: stepId,
  phase: 'confine',
  label: 'begin with an empty session keyring',
  why: "Node's own would be inherited, with the keys of whoever started it; after the change of user, whose quota it counts for",
  from: 'keyring.session',
  source: 'keyctl_join_session_keyring(3)',
  // Without a name, so that nobody else can join it.
  operations: [syscall('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, 0])],
  enforces: ['sessionKeyring'],
};

function check({ session }: KeyringSection, { host }: PlanContext): readonly Warning[] {
  if (session !== true || host.confinement?.keyrings === true) return [];
  const message =
    'This kernel has no keyrings (CONFIG_KEYS), or an outer container forbids keyctl(2); check with "cat /proc/keys", leave sessionKeyring() out where there are none, or allow the call in the seccomp profile of the outer container.';
  return [{ step: stepId, kind: 'unsupported', message }];
}

/** Keyrings. */
export const keyring = {
  key: 'keyring',
  empty: {},
  verbs: { sessionKeyring: (section) => ({ ...section, session: true }) },
  parse: (json) => readJson(readObject({ session: optional(readBoolean) }), json),
  validate: () => [],
  plan: ({ session }) => (session === true ? [step] : []),
  check,
} as const satisfies Part<'keyring', KeyringSection, KeyringMethods>;
