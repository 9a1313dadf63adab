/** From a builder to a `config.json`. */
import {
  brandOf,
  hostFactsShape,
  misfits,
  realRuntime,
  readArguments,
  show,
  issue,
  type Builder,
  type HacoError,
  type HostFacts,
  type Issue,
  type Shape,
  type Spec,
} from '@haco/core';
import type { Result } from 'neverthrow';
import { Export } from './export/export.js';
import { exportLinux } from './export/linux.js';
import { exportMounts } from './export/mounts.js';
import { exportProcess } from './export/process.js';
import { exportRoot } from './export/root.js';
import { reportOthers } from './export/others.js';
import type { Config } from './import/schema.js';

/** How a builder is written. */
export interface ExportOptions {
  /**
   * Facts of the host that the configuration is for, as `explain()` takes them; without it this one's. They decide which capabilities "all" are,
   * what `mapUsers('auto')` maps, and which conditions of a seccomp profile hold.
   */
  readonly host?: HostFacts;
}

/** A container as the specification says it. */
export interface Exported {
  /** The `config.json`. {@link configText} writes it. */
  readonly config: Config;
  /** The name of the container, which is no field: a runtime is told it as the container's id. Missing where the builder has none. */
  readonly id?: string;
  /** What the specification has no word for: its path in the spec of haco, and why. */
  readonly notRepresented: readonly Issue[];
}

/**
 * The container of a builder as a `config.json` of the OCI runtime specification 1.2. What can't be said there is told in `notRepresented`,
 * nothing is dropped silently: look at it, because without it the container may be less confined than with haco.
 *
 * What haco does without being asked is written, too: all capabilities and devices where none were taken away, the devices of `/dev`,
 * ids of whoever starts it.
 *
 * Errors: `invalid-spec`, as `spec()`; `not-found`, `io`, `invalid-spec`, when a seccomp profile is in a file.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * import { configText, toConfig } from '@haco/oci';
 * const web = haco().unshare('pid', 'mount').chroot('/srv/roots/web').independent('procfs', 'dev').command('/bin/server');
 * const { config, notRepresented } = orThrow(toConfig(web));
 * for (const { path, message } of notRepresented) console.error(`${path}: ${message}`);
 * console.log(configText(config));
 * ```
 */
export function toConfig(builder: Builder, options: ExportOptions = {}): Result<Exported, HacoError> {
  return readArguments(options, 'the options', (given) => [
    ...notBuilder(builder),
    ...misfits(given, optionsShape, 'options'),
  ]).andThen(({ host = realRuntime.host() }) => builder.spec().andThen((spec) => exportSpec(spec, host)));
}

const optionsShape: Shape = { fields: { host: { optional: hostFactsShape } } };

function notBuilder(value: unknown): readonly Issue[] {
  return brandOf(value) === 'builder' ? [] : [issue('builder', `must be a builder (haco()…), not ${show(value)}`)];
}

/** What this writes. */
const VERSION = '1.2.0';

function exportSpec(spec: Spec, host: HostFacts): Result<Exported, HacoError> {
  const from = new Export(spec, host);
  const { name, metadata, ...rest } = spec.identity;
  from.nothingElse('identity', rest);
  const hostname = hostnameOf(from);
  const { domainname } = from.sections.namespaces;
  const start = {
    ociVersion: VERSION,
    process: exportProcess(from),
    root: exportRoot(from),
    ...(hostname === undefined ? {} : { hostname }),
    ...(domainname === undefined ? {} : { domainname }),
    mounts: exportMounts(from),
    ...(Object.keys(metadata).length === 0 ? {} : { annotations: metadata }),
  };
  return exportLinux(from).map((linux) => {
    reportOthers(spec, from);
    const config: Config = { ...start, linux };
    return { config, ...(name === undefined ? {} : { id: name }), notRepresented: from.notRepresented };
  });
}

/** A new uts namespace is named after the container. */
function hostnameOf({ sections, facts }: Export): string | undefined {
  const { hostname } = sections.namespaces;
  return hostname ?? (facts.unshared.includes('uts') ? sections.identity.name : undefined);
}
