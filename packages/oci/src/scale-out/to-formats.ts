/** A definition as plain objects of the formats by which others start it. */
import { brandOf, hostFactsShape, issue, misfits, readArguments, realRuntime, show, type Builder, type Cluster, type HacoError, type HostFacts, type Issue, type Shape } from '@haco/core'; // prettier-ignore
import { err, type Result } from 'neverthrow';
import { composeFile, type ComposeFile } from './compose.js';
import { kubeObjects, type KubeObject } from './kube.js';
import { quadlets, type Quadlet } from './quadlet.js';
import { readServices } from './read-services.js';
import { Report } from './report.js';
import type { Service } from './service.js';

/** From which images containers are started, and by which runtime. */
export interface ScaleOutOptions {
  /** Image that stands for the root; that of `rootfs(image(…))` without it. */
  readonly image?: string;
  /** Images by member of a cluster, before `image`. */
  readonly images?: Readonly<Record<string, string>>;
  /** The RuntimeClass of Kubernetes; in a compose file and a quadlet, the runtime of this name of the engine. */
  readonly runtimeClass?: string;
  /** Facts of the host that the definition is for, as `toConfig()` takes them. */
  readonly host?: HostFacts;
}

/** Objects of Kubernetes. */
export interface KubeExport {
  /** In the order of the definition. */
  readonly objects: readonly KubeObject[];
  /** What the format has no word for: its path in the spec, after `cluster.<member>.` for one of a cluster, and why. */
  readonly notRepresented: readonly Issue[];
}

/** A compose file. */
export interface ComposeExport {
  /** The whole of it. */
  readonly file: ComposeFile;
  /** What the format has no word for: its path in the spec, after `cluster.<member>.` for one of a cluster, and why. */
  readonly notRepresented: readonly Issue[];
}

/** Quadlets. */
export interface QuadletExport {
  /** One for each container. */
  readonly quadlets: readonly Quadlet[];
  /** What the format has no word for: its path in the spec, after `cluster.<member>.` for one of a cluster, and why. */
  readonly notRepresented: readonly Issue[];
}

/**
 * A container or a cluster as objects of Kubernetes. A container that is always started again is a Deployment, any other a Pod; members that
 * share namespaces are containers of one Pod. What can't be said is told in `notRepresented`: look at it.
 *
 * Errors: `invalid-spec`, also without a name or an image.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * import { toKube } from '@haco/oci';
 * const web = haco().name('web').unshare('pid', 'net').memory('256MiB').restart('always').command('/bin/server');
 * const { objects, notRepresented } = orThrow(toKube(web, { image: 'registry.example/web:1', runtimeClass: 'haco' }));
 * console.log(objects[0]?.kind, notRepresented); // Deployment [ network.mode … ]
 * ```
 */
export function toKube(described: Builder | Cluster, options: ScaleOutOptions = {}): Result<KubeExport, HacoError> {
  return convert(described, options, (services, runtime, report) => ({
    objects: kubeObjects(services, runtime, report),
  }));
}

/**
 * A container or a cluster as a compose file, in words that compose 1.29 and all later versions know: each member is a service. What can't be
 * said is told in `notRepresented`: look at it.
 *
 * Errors: as {@link toKube}.
 *
 * @see https://github.com/compose-spec/compose-spec/blob/main/spec.md
 * @example
 * ```ts
 * import { cluster, haco, orThrow } from '@haco/core';
 * import { toCompose } from '@haco/oci';
 * const shop = cluster({ db: haco().command('/bin/db'), web: { builder: haco().command('/bin/web'), dependsOn: ['db'] } });
 * console.log(orThrow(toCompose(shop, { images: { db: 'db:1', web: 'web:1' } })).file.services['web']);
 * ```
 */
export function toCompose(
  described: Builder | Cluster,
  options: ScaleOutOptions = {},
): Result<ComposeExport, HacoError> {
  return convert(described, options, (services, runtime, report) => ({
    file: composeFile(services, runtime, report),
  }));
}

/**
 * A container or a cluster as quadlets of podman 4.4 and later: a unit of systemd for each container. What can't be said is told in
 * `notRepresented`: look at it.
 *
 * Errors: as {@link toKube}.
 *
 * @see https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * import { toQuadlet } from '@haco/oci';
 * const web = haco().name('web').memory('256MiB').restart('always').command('/bin/server');
 * console.log(orThrow(toQuadlet(web, { image: 'web:1' })).quadlets.map(({ file }) => file)); // [ 'web.container' ]
 * ```
 */
export function toQuadlet(
  described: Builder | Cluster,
  options: ScaleOutOptions = {},
): Result<QuadletExport, HacoError> {
  return convert(described, options, (services, runtime, report) => ({
    quadlets: quadlets(services, runtime, report),
  }));
}

const optionsShape: Shape = {
  fields: {
    image: { optional: 'text' },
    images: { optional: { record: 'text' } },
    runtimeClass: { optional: 'text' },
    host: { optional: hostFactsShape },
  },
};

function notDescribed(value: unknown): readonly Issue[] {
  const isDescribed = ['builder', 'cluster'].includes(String(brandOf(value)));
  return isDescribed ? [] : [issue('described', `must be a builder (haco()…) or a cluster, not ${show(value)}`)];
}

function convert<T extends object>(
  described: Builder | Cluster,
  given: ScaleOutOptions,
  write: (services: readonly Service[], runtime: string | undefined, report: Report) => T,
): Result<T & { readonly notRepresented: readonly Issue[] }, HacoError> {
  const options = readArguments(given, 'the options', (read) => [
    ...notDescribed(described),
    ...misfits(read, optionsShape, 'options'),
  ]);
  if (options.isErr()) return err(options.error);
  const { host = realRuntime.host(), image, images, runtimeClass } = options.value;
  const report = new Report();
  return readServices(described, { host, image, images }, report).map((services) => ({
    ...write(services, runtimeClass, report),
    notRepresented: report.notRepresented,
  }));
}
