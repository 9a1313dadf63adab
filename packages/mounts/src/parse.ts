/** The section from JSON. */
import {
  optional,
  readBoolean,
  readEither,
  readInteger,
  readJson,
  readList,
  readObject,
  readOneOf,
  readTagged,
  readText,
  type Issue,
  type Reader,
} from '@haco/plan';
import type { Result } from 'neverthrow';
import { independentNames } from './kinds/independent-names.js';
import type { MountsSection } from './section.js';

const attributes = {
  readonly: optional(readBoolean),
  nosuid: optional(readBoolean),
  nodev: optional(readBoolean),
  noexec: optional(readBoolean),
  nosymfollow: optional(readBoolean),
  noatime: optional(readBoolean),
  strictatime: optional(readBoolean),
  nodiratime: optional(readBoolean),
};

const node = readObject({
  path: readText,
  type: readOneOf(['c', 'b', 'p']),
  major: readInteger,
  minor: readInteger,
  mode: optional(readInteger),
  uid: optional(readInteger),
  gid: optional(readInteger),
});

const link: Reader<readonly [string, string]> = (json, path, issues) => {
  const [from = '', to = ''] = readList(readText)(json, path, issues);
  return [from, to];
};

const idmap = readEither(
  (json) => typeof json === 'string',
  readOneOf(['container']),
  readObject({ userNamespace: readText }),
);

export const readPropagation = readOneOf(['private', 'slave', 'shared', 'unbindable']);

const entry = readTagged('kind', {
  bind: readObject({
    kind: readOneOf(['bind']),
    source: readText,
    target: readText,
    recursive: optional(readBoolean),
    propagation: optional(readPropagation),
    idmap: optional(idmap),
    ...attributes,
  }),
  filesystem: readObject({
    kind: readOneOf(['filesystem']),
    type: readText,
    source: readText,
    target: readText,
    data: optional(readText),
    propagation: optional(readPropagation),
    ...attributes,
  }),
  tmpfs: readObject({
    kind: readOneOf(['tmpfs']),
    target: readText,
    size: optional(readInteger),
    mode: optional(readInteger),
    ...attributes,
  }),
  independent: readObject({
    kind: readOneOf(['independent']),
    name: readOneOf(independentNames),
    subset: optional(readOneOf(['pid'])),
    hidepid: optional(readOneOf(['noaccess', 'invisible', 'ptraceable'])),
    writable: optional(readBoolean),
  }),
  overlay: readObject({
    kind: readOneOf(['overlay']),
    target: readText,
    mode: optional(readInteger),
    optional: optional(readBoolean),
  }),
  file: readObject({
    kind: readOneOf(['file']),
    target: readText,
    content: readEither(
      (json) => typeof json === 'object' && json !== null && 'base64' in json,
      readObject({ base64: readText }),
      readObject({ text: readText }),
    ),
    mode: optional(readInteger),
  }),
  nodes: readObject({ kind: readOneOf(['nodes']), devices: readList(node), links: optional(readList(link)) }),
  'network-etc': readObject({ kind: readOneOf(['network-etc']), hostEtc: readText }),
});

const rootfs = readEither(
  (json) => typeof json === 'object' && json !== null && 'overlay' in json,
  readObject({
    overlay: readObject({ lower: readList(readText), size: optional(readInteger), keep: optional(readText) }),
  }),
  readObject({ path: readText, only: optional(readList(readText)) }),
);

/** How the root is entered. */
export const readRootEntry = readOneOf(['pivot_root', 'chroot']);

const section = readObject({
  rootfs: optional(rootfs),
  entry: optional(readRootEntry),
  readonly: optional(readBoolean),
  idmap: optional(idmap),
  entries: readList(entry),
  lxcfs: optional(readText),
  stubs: optional(readBoolean),
  propagation: optional(readOneOf(['private', 'slave'])),
  readonlyPaths: optional(readList(readText)),
  masked: optional(readList(readText)),
});

/** Check JSON from outside; every problem with its path. */
export function parseSection(json: unknown): Result<MountsSection, readonly Issue[]> {
  return readJson(section, json);
}
