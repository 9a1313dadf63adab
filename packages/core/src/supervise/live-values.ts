/** Streams, signals and functions in a spec that goes to another process: where they are, and how a definition brings them back. */
import { isLiveJson, issue, Live, type Issue } from '@haco/plan';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function walk(value: unknown, path: string, found: (path: string, what: string) => void): void {
  if (value instanceof Live) found(path, value.what);
  else if (isLiveJson(value)) found(path, value.live);
  else if (Array.isArray(value)) value.forEach((item, at) => walk(item, `${path}[${String(at)}]`, found));
  else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`, found);
  }
}

/** One issue for each live value: why it can't be detached as it is. */
export function liveIssues(spec: unknown): readonly Issue[] {
  const issues: Issue[] = [];
  walk(spec, '', (path, what) => {
    const why = `${what} works only in this program; put the container into a definition and say detach({ definition: path })`;
    issues.push(issue(path, why));
  });
  return issues;
}

/** The spec that was sent, with what is live at the same place of the definition's spec. */
export function revive(sent: unknown, defined: unknown): unknown {
  if (isLiveJson(sent)) return defined instanceof Live ? defined : sent;
  if (Array.isArray(sent)) {
    const items: readonly unknown[] = Array.isArray(defined) ? defined : [];
    return sent.map((item, at) => revive(item, items[at]));
  }
  if (!isObject(sent)) return sent;
  const fields = isObject(defined) ? defined : {};
  return Object.fromEntries(Object.entries(sent).map(([key, item]) => [key, revive(item, fields[key])]));
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * A definition that was read again, with what its user had changed about it before (a name, a command) changed again: fields in which
 * `sent` differed from what the definition was.
 */
export function reapply(sent: Json, before: Json, now: Json): Json {
  const keys = [...new Set([...Object.keys(sent), ...Object.keys(now)])];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const [mine, old, fresh] = [sent[key], before[key], now[key]];
      if (!isObject(mine) || !isObject(fresh) || !isObject(old)) {
        const value = same(mine, old) ? fresh : mine;
        return value === undefined ? [] : [[key, value]];
      }
      const fields = [...new Set([...Object.keys(mine), ...Object.keys(fresh)])].flatMap((field) => {
        const value = same(mine[field], old[field]) ? fresh[field] : mine[field];
        return value === undefined ? [] : [[field, value] as const];
      });
      return [[key, Object.fromEntries(fields)]];
    }),
  );
}
