/** From the spec of one container to a service. */
import type { HostFacts, Issue, ReadinessEntry, Spec, SupervisionSection } from '@haco/core';
import { saying } from '../export/others.js';
import { Export } from '../export/export.js';
import { representedSections } from '../export/sections.js';
import { readFiles } from './read-files.js';
import { readLimits, readRlimits } from './read-limits.js';
import { readNamespaces } from './read-namespaces.js';
import { readPrivileges } from './read-privileges.js';
import type { Service } from './service.js';

/** What a cluster and the caller say besides the spec. */
export interface Around extends Pick<Service, 'at' | 'name' | 'image' | 'dependsOn' | 'shares'> {
  readonly host: HostFacts;
}

/** The service, and what no engine has a word for, by paths of this spec. */
export function readService(spec: Spec, { host, ...around }: Around): { service: Service; missing: readonly Issue[] } {
  const from = new Export(spec, host);
  const missing = (path: string, reason: string): void => {
    from.missing(path, reason);
  };
  reportOthers(spec, missing);
  const { process, identity } = from.sections;
  for (const stream of ['stdin', 'stdout', 'stderr'] as const) {
    const target = process[stream];
    if (target === undefined || target === 'pipe' || target === 'inherit') continue;
    missing(`process.${stream}`, 'engines have streams of their own');
  }
  if (process.startFifo !== undefined) missing('process.startFifo', 'no container of an engine waits for a byte');
  for (const field of ['scheduler', 'ioPriority', 'cpuAffinity', 'execCpuAffinity', 'personality'] as const) {
    if (process[field] !== undefined) missing(`process.${field}`, 'engines have no word for it');
  }
  const service: Service = {
    ...around,
    command: process.command === undefined ? undefined : [process.command.file, ...process.command.args],
    workdir: process.workdir,
    env: Object.entries(process.env),
    umask: process.umask,
    oomScoreAdj: process.oomScoreAdj,
    terminal: process.tty !== undefined,
    init: process.init,
    ...readPrivileges(from, missing),
    ...readNamespaces(from, missing),
    ...readFiles(from.sections, missing),
    limits: readLimits(from.sections, missing),
    rlimits: readRlimits(from.sections),
    labels: Object.entries(identity.metadata),
    supervision: spec['supervision'] as SupervisionSection,
    readiness: (spec['watch'] as { readiness: readonly ReadinessEntry[] }).readiness.map((entry, index) => ({
      entry,
      from: `watch.readiness[${String(index)}]`,
    })),
    timeoutMs: spec.control.timeoutMs,
  };
  return { service, missing: from.notRepresented };
}

/** Why, or what does instead. */
const reasons: Readonly<Record<string, string>> = {
  control: 'no engine watches it; Node does',
  hooks: 'hooks are functions of this program',
  watch: 'it is done by this program while the container runs',
  checkpoint: 'engines restore by commands of their own',
  keyring: 'keyrings are up to the engine',
  sideChannels: 'engines have no word for it',
  landlock: 'engines have no word for Landlock',
};

/** Fields of sections that are read elsewhere. */
const readElsewhere: ReadonlySet<string> = new Set(['control.timeoutMs']);

function reportOthers(spec: Spec, missing: (path: string, reason: string) => void): void {
  for (const [key, section] of Object.entries(spec)) {
    if (key === 'version' || key === 'supervision' || Object.hasOwn(representedSections, key)) continue;
    for (const field of saying(section)) {
      const path = `${key}${field}`;
      if (readElsewhere.has(path) || path.startsWith('watch.readiness')) continue;
      missing(path, reasons[key] ?? 'engines have no such part');
    }
  }
}
