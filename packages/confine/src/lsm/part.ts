/** The part `lsm`: its section, verbs, checks and steps in one value. */
import {
  issue,
  optional,
  parseText,
  quote,
  readBoolean,
  readJson,
  readObject,
  readText,
  type Enforcement,
  type Issue,
  type Part,
  type PlanContext,
  type Warning,
  nothing,
} from '@haco/plan';
import type { LabelOptions, LsmMethods } from './methods.js';
import { isActive, labelsOf } from './modules.js';
import { planLsm } from './plan.js';
import type { LsmSection } from './section.js';

const readSection = readObject({
  apparmor: optional(readObject({ profile: readText, degrade: optional(readBoolean) })),
  selinux: optional(readObject({ label: readText, degrade: optional(readBoolean) })),
});

function lax({ degrade }: LabelOptions): { readonly degrade?: boolean } {
  return degrade === true ? { degrade } : {};
}

/** Longer names than any file of procfs takes in one write. */
const maxLength = 4000;

function textIssues(path: string, text: unknown, form: RegExp, what: string): readonly Issue[] {
  return parseText(text, what).match<readonly Issue[]>(
    (label) =>
      form.test(label) && label.length <= maxLength ? [] : [issue(path, `${quote(label.slice(0, 80))} is not ${what}`)],
    (problem) => [issue(path, problem)],
  );
}

function validate({ apparmor, selinux }: LsmSection): readonly Issue[] {
  return [
    ...(apparmor === undefined
      ? []
      : textIssues(
          'lsm.apparmor.profile',
          apparmor.profile,
          /^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u,
          'the name of a profile',
        )),
    ...(selinux === undefined
      ? []
      : textIssues(
          'lsm.selinux.label',
          selinux.label,
          /^[\w.-]+:[\w.-]+:[\w.-]+(?::[\w.,:-]+)?$/,
          'a label, which is user:role:type or user:role:type:range',
        )),
  ];
}

function check(section: LsmSection, { host }: PlanContext): readonly Warning[] {
  return labelsOf(section, host)
    .filter((label) => !label.degrade && !isActive(label, host))
    .map(({ module, title, look }) => ({
      step: `lsm.${module}`,
      kind: 'unsupported',
      message: `This host doesn't run ${title}; check with "${look}", leave ${module}() out, or allow to go on without it by { degrade: true }.`,
    }));
}

function degradations(section: LsmSection, { host }: PlanContext): Readonly<Record<string, Enforcement>> {
  const left = labelsOf(section, host).filter((label) => label.degrade && !isActive(label, host));
  return Object.fromEntries(left.map(({ module }) => [module, 'refused']));
}

/** Labels of security modules. */
export const lsm = {
  key: 'lsm',
  empty: {},
  verbs: {
    apparmor: (section: LsmSection, profile: string, options: LabelOptions = nothing) => ({
      ...section,
      apparmor: { profile, ...lax(options) },
    }),
    selinux: (section: LsmSection, label: string, options: LabelOptions = nothing) => ({
      ...section,
      selinux: { label, ...lax(options) },
    }),
  },
  parse: (json) => readJson(readSection, json),
  validate,
  plan: planLsm,
  check,
  degradations,
} as const satisfies Part<'lsm', LsmSection, LsmMethods>;
