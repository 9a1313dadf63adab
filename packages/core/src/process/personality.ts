/** Which machine the kernel says that it runs on. */
import { flags, issue, quote, syscall, type Issue, type Step } from '@haco/plan';
import type { ProcessSection } from './section.js';

/** Execution domains of personality(2): their numbers. */
const domains = {
  linux: { name: 'PER_LINUX', number: 0 },
  linux32: { name: 'PER_LINUX32', number: 8 },
} as const;

/** An execution domain of `personality(2)`, without the prefix, in lower case. */
export type PersonalityDomain = keyof typeof domains;

/** Every domain. */
export const personalityDomains = Object.keys(domains) as readonly PersonalityDomain[];

/** What is wrong with the domain of a section. */
export function personalityIssues({ personality }: ProcessSection): readonly Issue[] {
  if (personality === undefined || personalityDomains.includes(personality)) return [];
  const known = personalityDomains.map(quote).join(' or ');
  const given = typeof personality === 'string' ? quote(personality) : String(personality);
  return [issue('process.personality', `${given} is no execution domain; write ${known}`)];
}

/** The step: before the filters, which may forbid the call; it needs no privileges. */
export function planPersonality({ personality }: ProcessSection): readonly Step[] {
  if (personality === undefined) return [];
  const { name, number } = domains[personality];
  return [
    {
      id: 'process.personality',
      phase: 'limits',
      label: `set the execution domain to ${name}`,
      why: 'the command inherits it over its execution, and asks the kernel for its machine; filters may forbid the call later',
      source: 'personality(2)',
      from: 'process.personality',
      operations: [syscall('personality', [flags({ [name]: number }, name)])],
    },
  ];
}
