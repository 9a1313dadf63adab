/** The section from JSON. */
import {
  issue,
  namespaceKinds,
  optional,
  readEither,
  readInteger,
  readJson,
  readList,
  readNumber,
  readObject,
  readOneOf,
  readText,
  type IdRange,
  type Issue,
  type Reader,
} from '@haco/plan';
import type { Result } from 'neverthrow';
import { idMappingWords, type Entered, type IdMapping, type NamespacesSection } from './section.js';

const kind = readOneOf(namespaceKinds);

const idRange: Reader<IdRange> = readObject({ inside: readInteger, outside: readInteger, count: readInteger });

/** Reads a word or lines of a map. */
export const readIdMapping: Reader<IdMapping> = readEither(
  (json) => typeof json === 'string',
  readOneOf(idMappingWords),
  readList(idRange),
);

const entered: Reader<Entered> = readEither(
  (json) => typeof json === 'object' && json !== null && 'pid' in json,
  readObject({ kind, pid: readInteger, startTime: optional(readInteger) }),
  readObject({ kind, path: readText }),
);

const readSysctls: Reader<Readonly<Record<string, string>>> = (json, path, issues) => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    issues.push(issue(path, 'must be an object'));
    return {};
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, readText(value, `${path}[${JSON.stringify(key)}]`, issues)]),
  );
};

const section = readObject({
  unshare: readList(kind),
  enter: readList(entered),
  persist: readList(readObject({ kind, path: readText })),
  hostname: optional(readText),
  domainname: optional(readText),
  uidMap: optional(readIdMapping),
  gidMap: optional(readIdMapping),
  sysctls: optional(readSysctls),
  timeOffsets: optional(readObject({ monotonicMs: optional(readNumber), boottimeMs: optional(readNumber) })),
});

/** Check JSON from outside; every problem with its path. */
export function parseSection(json: unknown): Result<NamespacesSection, readonly Issue[]> {
  return readJson(section, json);
}
