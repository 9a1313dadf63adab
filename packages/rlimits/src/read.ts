/** Limits of live processes as a caller in plain JavaScript may give them: every problem is told before the first one is set. */
import { InvalidSpecError, issue, readPlain, show, type HacoError, type Issue } from '@haco/plan';
import { err, ok, Result } from 'neverthrow';
import { rlimitKind, rlimitKinds, type RlimitKind, type RlimitName } from './kinds.js';
import type { Rlimit, RlimitsSection, RlimitValue } from './section.js';
import { limitProblem, parseRlimitValue, type RlimitInput } from './value.js';

/** A resource limit as people write it: soft and hard at once, or each. */
export type RlimitUpdate = RlimitInput | { readonly soft: RlimitInput; readonly hard: RlimitInput };

/** Limits by any of their names. */
export type RlimitUpdates = Readonly<Partial<Record<RlimitName, RlimitUpdate>>>;

type Read<T> = Result<T, readonly Issue[]>;

/** The error of these problems. */
export function invalid(issues: readonly Issue[]): HacoError {
  return new InvalidSpecError({ issues });
}

/** A kind by any of its names. */
export function readKind(name: unknown, path: string): Read<RlimitKind> {
  const kind = rlimitKind(name);
  if (kind !== undefined) return ok(kind);
  return err([issue(path, `${show(name)} is no resource limit; use one of ${Object.keys(rlimitKinds).join(', ')}`)]);
}

/** A process by its number: to prlimit(2) 0 is the caller, which nobody means who computes a number. */
export function readPid(pid: unknown): Read<number> {
  if (Number.isSafeInteger(pid) && (pid as number) > 0) return ok(pid as number);
  const message = `${show(pid)} is not the number of a process; give a whole number above 0, for this process itself process.pid`;
  return err([issue('pid', message)]);
}

function readValue(kind: RlimitKind, input: unknown, path: string): Read<RlimitValue> {
  return parseRlimitValue(kind, input).mapErr((message) => [issue(path, message)]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Soft and hard limit; whether they fit together is looked at by who sets them. */
export function readLimit(kind: RlimitKind, given: unknown, path: string): Read<Rlimit> {
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`);
  const read = readPlain(given);
  if (read.isErr()) return err([issue(path, read.error)]);
  const limit = read.value;
  if (!isObject(limit)) {
    if (typeof limit === 'object') return err([issue(path, `${show(limit)} is not { soft, hard }`)]);
    return readValue(kind, limit, path).map((value) => ({ soft: value, hard: value }));
  }
  const known = ['soft', 'hard'];
  const issues = [
    ...Object.keys(limit)
      .filter((key) => !known.includes(key))
      .map((key) => issue(at(key), 'is not known here; there are soft, hard')),
    ...known.filter((key) => limit[key] === undefined).map((key) => issue(at(key), 'is missing; give soft and hard')),
  ];
  if (issues.length > 0) return err(issues);
  return Result.combineWithAllErrors([
    readValue(kind, limit['soft'], at('soft')),
    readValue(kind, limit['hard'], at('hard')),
  ])
    .mapErr((lists) => lists.flat())
    .map(([soft = 0, hard = 0]) => ({ soft, hard }));
}

/** Several limits by any of their names: all problems, also of those that don't fit together. */
export function readRlimits(given: unknown, path = 'rlimits'): Read<RlimitsSection> {
  const read = readPlain(given);
  if (read.isErr()) return err([issue(path, read.error)]);
  if (!isObject(read.value)) return err([issue(path, `${show(given)} is not an object`)]);
  const issues: Issue[] = [];
  const limits: Record<string, Rlimit> = {};
  for (const [name, value] of Object.entries(read.value)) {
    if (value === undefined) continue;
    const limit = readKind(name, path).andThen((kind) =>
      readLimit(kind, value, `${path}.${kind}`).andThen((one) => {
        const problem = limitProblem(one);
        return problem === undefined ? ok({ kind, one }) : err([issue(`${path}.${kind}`, problem)]);
      }),
    );
    if (limit.isErr()) issues.push(...limit.error);
    else limits[limit.value.kind] = limit.value.one;
  }
  return issues.length > 0 ? err(issues) : ok(limits as RlimitsSection);
}
