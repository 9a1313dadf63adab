/** Everything that is wrong with rules, whatever the host. */
import { issue, parseText, quote, type Issue } from '@haco/plan';
import { fsRightNames, fsWordNames, scopeNames } from './rights.js';
import type { LandlockSection } from './section.js';

function pathIssues(path: unknown, at: string): readonly Issue[] {
  return parseText(path, 'the path').match<readonly Issue[]>(
    (text) => (text.startsWith('/') ? [] : [issue(at, `${quote(text)} must be an absolute path`)]),
    (problem) => [issue(at, problem)],
  );
}

function ruleIssues(rule: unknown, at: string): readonly Issue[] {
  if (typeof rule !== 'object' || rule === null) return [issue(at, 'must be { path, allow }')];
  const { path, allow } = rule as { path?: unknown; allow?: unknown };
  const names: readonly unknown[] = Array.isArray(allow) ? allow : [];
  return [
    ...pathIssues(path, `${at}.path`),
    ...(names.length === 0 ? [issue(`${at}.allow`, 'names no right; leave the rule out to allow nothing')] : []),
    ...names.flatMap((name, index) =>
      (fsRightNames as readonly unknown[]).includes(name)
        ? []
        : [issue(`${at}.allow[${String(index)}]`, `${quote(String(name))} is none of ${fsRightNames.join(', ')}`)],
    ),
  ];
}

function portIssues(port: unknown, at: string): readonly Issue[] {
  return Number.isSafeInteger(port) && Number(port) >= 0 && Number(port) <= 65_535
    ? []
    : [issue(at, 'must be a port, 0 to 65535')];
}

function scopeIssues(scope: unknown, at: string): readonly Issue[] {
  return (scopeNames as readonly unknown[]).includes(scope)
    ? []
    : [issue(at, `${quote(String(scope))} is none of ${scopeNames.join(', ')}`)];
}

/** All problems. */
export function validateSection(section: LandlockSection): readonly Issue[] {
  const each = (key: string, list: readonly unknown[] = [], check: (value: unknown, at: string) => readonly Issue[]) =>
    list.flatMap((value, index) => check(value, `landlock.${key}[${String(index)}]`));
  return [
    ...fsWordNames.flatMap((word) => each(word, section[word], pathIssues)),
    ...each('rules', section.rules, ruleIssues),
    ...each('bind', section.bind, portIssues),
    ...each('connect', section.connect, portIssues),
    ...each('scopes', section.scopes, scopeIssues),
  ];
}
