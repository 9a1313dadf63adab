/** The part `caps`: its section, verb, checks, facts and steps in one value. */
import {
  issue,
  noFacts,
  optional,
  quote,
  readEither,
  readJson,
  readList,
  readObject,
  readOneOf,
  type Part,
  type Reader,
  type SharedFacts,
} from '@haco/plan';
import { checkSection } from './check.js';
import type { CapsMethods } from './methods.js';
import { capabilityName, type CapabilityName } from './names.js';
import { isAsked, planCaps } from './plan-caps.js';
import { boundingNames, effectiveNames } from './sets.js';
import type { CapsSection } from './section.js';
import { secureBitName, type SecureBit } from './securebits.js';
import { validateSection } from './validate.js';
import { verbs } from './verbs.js';

const readName: Reader<CapabilityName> = (json, path, issues) => {
  const name = capabilityName(json);
  if (name === undefined) {
    issues.push(
      issue(path, `${typeof json === 'string' ? quote(json) : typeof json} is no capability; see capabilities(7)`),
    );
  }
  return name ?? 'chown';
};

const readBit: Reader<SecureBit> = (json, path, issues) => {
  const name = secureBitName(json);
  if (name === undefined) issues.push(issue(path, 'is no secure bit; see capabilities(7)'));
  return name ?? 'noroot';
};

const readNames = readEither((json) => typeof json === 'string', readOneOf(['all']), readList(readName));

const readSection: Reader<CapsSection> = readObject({
  keep: optional(readNames),
  drop: optional(readList(readName)),
  sets: optional(
    readObject({
      bounding: optional(readNames),
      permitted: optional(readNames),
      effective: optional(readNames),
      inheritable: optional(readNames),
      ambient: optional(readNames),
    }),
  ),
  securebits: optional(readList(readBit)),
});

/** Capabilities. Its part must stand after the one that changes the user. */
export const caps = {
  key: 'caps',
  empty: {},
  verbs,
  parse: (json) => readJson(readSection, json),
  validate: validateSection,
  facts: (section, host, earlier?: SharedFacts): Partial<SharedFacts> => {
    if (!isAsked(section)) return {};
    if (host === undefined) return { keepsCapabilities: true };
    const effectiveSet = effectiveNames(section, { host, facts: earlier ?? noFacts });
    return { keepsCapabilities: true, boundingSet: boundingNames(section, host), effectiveSet };
  },
  plan: planCaps,
  check: checkSection,
} as const satisfies Part<'caps', CapsSection, CapsMethods>;
