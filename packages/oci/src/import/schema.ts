/** The shape of a `config.json`: types of values, and which fields there are. */
import {
  ioPriorityClasses,
  optional,
  personalityDomains,
  readBoolean,
  readInteger,
  readList,
  readNumber,
  readObject,
  readOneOf,
  readText,
  schedulerFlags,
  schedulerPolicies,
  unknownField,
  type Issue,
  type ReadBy,
  type Reader,
} from '@haco/core';
import type { Import } from './import.js';
import { ioPriorityWord, isoPolicy, personalityWord, schedulerFlagWord, schedulerWord } from './scheduling-words.js';
import { withoutNulls } from './without-nulls.js';

/** Anything: looked at later, or by somebody else. */
const anything: Reader<unknown> = (json) => json;

const texts = optional(readList(readText));

/** An object whose fields have names of their own. */
function readRecord<T>(value: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (json, path, issues) => {
    // The names themselves are free; a reader of exactly these fields reads them.
    const names = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.keys(json) : [];
    const fields = Object.fromEntries(names.map((name) => [name, value]));
    return readObject(fields)(json, path, issues) as Readonly<Record<string, T>>;
  };
}

const idMapping = readObject({ containerID: readInteger, hostID: readInteger, size: readInteger });
const device = readObject({
  path: readText,
  type: readOneOf(['c', 'b', 'u', 'p']),
  major: optional(readInteger),
  minor: optional(readInteger),
  fileMode: optional(readInteger),
  uid: optional(readInteger),
  gid: optional(readInteger),
});

const process = readObject({
  terminal: optional(readBoolean),
  consoleSize: optional(readObject({ height: readInteger, width: readInteger })),
  user: optional(
    readObject({
      uid: readInteger,
      gid: readInteger,
      umask: optional(readInteger),
      additionalGids: optional(readList(readInteger)),
      username: optional(anything),
    }),
  ),
  args: readList(readText),
  commandLine: optional(anything),
  env: texts,
  cwd: readText,
  capabilities: optional(
    readObject({ bounding: texts, permitted: texts, effective: texts, inheritable: texts, ambient: texts }),
  ),
  // Unlimited is 2⁶⁴ - 1, which JSON.parse rounds: so any number here.
  rlimits: optional(readList(readObject({ type: readText, soft: readNumber, hard: readNumber }))),
  noNewPrivileges: optional(readBoolean),
  apparmorProfile: optional(readText),
  selinuxLabel: optional(readText),
  oomScoreAdj: optional(readInteger),
  scheduler: optional(
    readObject({
      policy: readOneOf([...schedulerPolicies.map(schedulerWord), isoPolicy]),
      nice: optional(readInteger),
      priority: optional(readInteger),
      flags: optional(readList(readOneOf(schedulerFlags.map(schedulerFlagWord)))),
      runtime: optional(readInteger),
      deadline: optional(readInteger),
      period: optional(readInteger),
    }),
  ),
  ioPriority: optional(
    readObject({ class: readOneOf(ioPriorityClasses.map(ioPriorityWord)), priority: optional(readInteger) }),
  ),
  execCPUAffinity: optional(readObject({ initial: optional(readText), final: optional(readText) })),
});

const mount = readObject({
  destination: readText,
  type: optional(readText),
  source: optional(readText),
  options: texts,
  uidMappings: optional(readList(idMapping)),
  gidMappings: optional(readList(idMapping)),
});

const rates = optional(readList(readObject({ major: readInteger, minor: readInteger, rate: readInteger })));
const blockIO = readObject({
  weight: optional(readInteger),
  leafWeight: optional(readInteger),
  weightDevice: optional(
    readList(
      readObject({
        major: readInteger,
        minor: readInteger,
        weight: optional(readInteger),
        leafWeight: optional(readInteger),
      }),
    ),
  ),
  throttleReadBpsDevice: rates,
  throttleWriteBpsDevice: rates,
  throttleReadIOPSDevice: rates,
  throttleWriteIOPSDevice: rates,
});

const resources = readObject({
  devices: optional(
    readList(
      readObject({
        allow: readBoolean,
        type: optional(readOneOf(['a', 'b', 'c'])),
        major: optional(readInteger),
        minor: optional(readInteger),
        access: optional(readText),
      }),
    ),
  ),
  memory: optional(
    readObject({
      limit: optional(readInteger),
      reservation: optional(readInteger),
      swap: optional(readInteger),
      kernel: optional(readInteger),
      kernelTCP: optional(readInteger),
      swappiness: optional(readInteger),
      disableOOMKiller: optional(readBoolean),
      useHierarchy: optional(anything),
      checkBeforeUpdate: optional(anything),
    }),
  ),
  cpu: optional(
    readObject({
      shares: optional(readInteger),
      quota: optional(readInteger),
      burst: optional(readInteger),
      period: optional(readInteger),
      realtimeRuntime: optional(readInteger),
      realtimePeriod: optional(readInteger),
      cpus: optional(readText),
      mems: optional(readText),
      idle: optional(readInteger),
    }),
  ),
  pids: optional(readObject({ limit: optional(readInteger) })),
  blockIO: optional(blockIO),
  hugepageLimits: optional(readList(readObject({ pageSize: readText, limit: readInteger }))),
  network: optional(
    readObject({
      classID: optional(readInteger),
      priorities: optional(readList(readObject({ name: readText, priority: readInteger }))),
    }),
  ),
  rdma: optional(readRecord(readObject({ hcaHandles: optional(readInteger), hcaObjects: optional(readInteger) }))),
  unified: optional(readRecord(readText)),
});

const offset = optional(readObject({ secs: optional(readInteger), nanosecs: optional(readInteger) }));

/** Kinds as the specification spells them. */
export const namespaceTypes = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const;

const linux = readObject({
  namespaces: optional(readList(readObject({ type: readOneOf(namespaceTypes), path: optional(readText) }))),
  uidMappings: optional(readList(idMapping)),
  gidMappings: optional(readList(idMapping)),
  timeOffsets: optional(readObject({ monotonic: offset, boottime: offset })),
  devices: optional(readList(device)),
  cgroupsPath: optional(readText),
  resources: optional(resources),
  rootfsPropagation: optional(readText),
  seccomp: optional(anything),
  sysctl: optional(readRecord(readText)),
  maskedPaths: texts,
  readonlyPaths: texts,
  mountLabel: optional(readText),
  personality: optional(readObject({ domain: readOneOf(personalityDomains.map(personalityWord)), flags: texts })),
  intelRdt: optional(anything),
  netDevices: optional(readRecord(anything)),
  memoryPolicy: optional(anything),
});

const config = readObject({
  ociVersion: readText,
  process,
  root: readObject({ path: readText, readonly: optional(readBoolean) }),
  hostname: optional(readText),
  domainname: optional(readText),
  mounts: optional(readList(mount)),
  hooks: optional(anything),
  annotations: optional(readRecord(readText)),
  linux: optional(linux),
  solaris: optional(anything),
  windows: optional(anything),
  vm: optional(anything),
  zos: optional(anything),
});

/**
 * A `config.json` of the OCI runtime specification, for Linux: every field that it has.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md
 */
export type Config = ReadBy<typeof config>;

/** Read it; wrong types are problems of the import. A field that the specification doesn't have is for somebody else, and no mistake in itself. */
export function readConfig(json: unknown, into: Import): Config {
  const issues: Issue[] = [];
  const read = config(json, '', issues);
  for (const { path, message } of issues) {
    if (message === unknownField) into.slight(path, 'the specification has no such field');
    else into.wrong(path, message);
  }
  return read;
}

/** Read `linux.resources` alone. */
export function readResourcesOf(json: unknown, into: Import): ReadBy<typeof resources> {
  const issues: Issue[] = [];
  const read = resources(withoutNulls(json), 'linux.resources', issues);
  for (const { path, message } of issues) {
    if (message === unknownField) into.slight(path, 'the specification has no such field');
    else into.wrong(path, message);
  }
  return read;
}

/** Whether a field says nothing: missing, `{}`, `[]`, `''`, or an object of such fields. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every(saysNothing);
}
