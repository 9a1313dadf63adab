/** The section from JSON. */
import {
  issue,
  optional,
  readInteger,
  readJson,
  readList,
  readNumber,
  readObject,
  readText,
  type Issue,
  type Reader,
} from '@haco/plan';
import type { Result } from 'neverthrow';
import { readResources, withResources } from './resources.js';
import type { CgroupsSection } from './section.js';

const readKeys: Reader<Readonly<Record<string, string>>> = (json, path, issues) => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    issues.push(issue(path, 'must be an object'));
    return {};
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, readText(value, `${path}[${JSON.stringify(key)}]`, issues)]),
  );
};

const section = readObject({
  cpu: optional(readNumber),
  memory: optional(readInteger),
  pids: optional(readInteger),
  cpuTimeMs: optional(readNumber),
  resources: optional(readResources),
  keys: optional(readKeys),
  parent: optional(readText),
  path: optional(readText),
  degrade: optional(readList(readText)),
});

/** Check JSON from outside; every problem with its path. */
export function parseSection(json: unknown): Result<CgroupsSection, readonly Issue[]> {
  return readJson(section, json).map(({ resources, ...rest }) =>
    resources === undefined ? rest : withResources(rest, resources),
  );
}
