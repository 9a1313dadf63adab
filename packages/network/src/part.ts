/** The part `network`: its section, verbs, checks, facts, steps and effects in one value. */
import { readJson, type HostFacts, type Part, type SharedFacts } from '@haco/plan';
import { etcDirectory } from './directory.js';
import { effectsOf } from './host/effects.js';
import type { NetworkMethods } from './methods.js';
import { rowOf } from './modes/index.js';
import { readSection } from './parse.js';
import { emptySection, type NetworkSection } from './section.js';
import { validateSection } from './validate.js';
import { verbs } from './verbs.js';

/**
 * The network of a container. It stands before `namespaces` in the list of parts, which makes and joins the net namespace that a mode
 * wants.
 */
export const network = {
  key: 'network',
  scope: 'container',
  empty: emptySection,
  verbs,
  parse: (json) => readJson(readSection, json),
  validate: (section, { facts }) => validateSection(section, facts),
  facts: ({ mode }, host?: HostFacts, earlier?: SharedFacts): Partial<SharedFacts> => {
    if (mode === undefined) return {};
    const { namespaces, ownEtc } = rowOf(mode);
    return {
      wantedNamespaces: namespaces(mode),
      ...(ownEtc && host !== undefined ? { networkEtc: etcDirectory(host, earlier?.name ?? '') } : {}),
    };
  },
  plan: (section, context) => {
    const { mode } = section;
    return mode === undefined ? [] : rowOf(mode).plan(mode, { ...context, section });
  },
  effects: effectsOf,
  check: (section, context) => {
    const { mode } = section;
    return mode === undefined ? [] : (rowOf(mode).check?.(mode, { ...context, section }) ?? []);
  },
} as const satisfies Part<'network', NetworkSection, NetworkMethods>;
