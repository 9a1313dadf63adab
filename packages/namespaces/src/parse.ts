/** The section from JSON. */
import {
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
  readObject({ kind, pid: readInteger }),
  readObject({ kind, path: readText }),
);

const section = readObject({
  unshare: readList(kind),
  enter: readList(entered),
  persist: readList(readObject({ kind, path: readText })),
  hostname: optional(readText),
  domainname: optional(readText),
  uidMap: optional(readIdMapping),
  gidMap: optional(readIdMapping),
  timeOffsets: optional(readObject({ monotonicMs: optional(readNumber), boottimeMs: optional(readNumber) })),
});

/** Check JSON from outside; every problem with its path. */
export function parseSection(json: unknown): Result<NamespacesSection, readonly Issue[]> {
  return readJson(section, json);
}
