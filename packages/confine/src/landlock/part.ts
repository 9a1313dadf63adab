/** The part `landlock`: its section, verb, checks and steps in one value. */
import {
  optional,
  readBoolean,
  readInteger,
  readJson,
  readList,
  readObject,
  readOneOf,
  readText,
  type Part,
} from '@haco/plan';
import { checkSection } from './check.js';
import { degradationsOf } from './coverage.js';
import type { LandlockMethods } from './methods.js';
import { planLandlock } from './plan.js';
import { fsRightNames, scopeNames } from './rights.js';
import type { LandlockSection } from './section.js';
import { validateSection } from './validate.js';
import { verbs } from './verbs.js';

const paths = optional(readList(readText));

const readSection = readObject({
  read: paths,
  execute: paths,
  write: paths,
  device: paths,
  rules: optional(readList(readObject({ path: readText, allow: readList(readOneOf(fsRightNames)) }))),
  bind: optional(readList(readInteger)),
  connect: optional(readList(readInteger)),
  scopes: optional(readList(readOneOf(scopeNames))),
  degrade: optional(readBoolean),
});

/** Landlock. */
export const landlock = {
  key: 'landlock',
  empty: {},
  verbs,
  parse: (json) => readJson(readSection, json),
  validate: validateSection,
  plan: planLandlock,
  check: checkSection,
  degradations: (section, { host }) => degradationsOf(section, host),
} as const satisfies Part<'landlock', LandlockSection, LandlockMethods>;
