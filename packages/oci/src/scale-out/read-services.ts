/** From a builder or a cluster to services. */
import { InvalidSpecError, issue, type Builder, type Cluster, type HacoError, type HostFacts } from '@haco/core';
import { err, ok, Result } from 'neverthrow';
import type { Report } from './report.js';
import { readService } from './read-service.js';
import type { Service } from './service.js';

/** From which images, and for which host. */
export interface Images {
  /** That of every container which `images` doesn't name. */
  readonly image?: string | undefined;
  /** By member of the cluster. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  readonly host: HostFacts;
}

interface Described {
  readonly at: string;
  readonly member: string | undefined;
  readonly name: string | undefined;
  readonly builder: Builder;
  readonly dependsOn: readonly string[];
  readonly share: readonly (readonly [kind: Service['shares'][number]['entry'][0], member: string])[];
}

/** The services in the order of the definition; what no engine has a word for is reported. */
export function readServices(
  described: Builder | Cluster,
  images: Images,
  report: Report,
): Result<readonly Service[], HacoError> {
  return containersOf(described).andThen((containers) => {
    const stranger = Object.keys(images.images ?? {}).find((one) => !containers.some(({ member }) => member === one));
    if (stranger !== undefined)
      return invalid('', `"images" names ${JSON.stringify(stranger)}, which is no member of it`);
    const namesOf = (member: string): readonly string[] =>
      containers.flatMap((one) => (one.member === member && one.name !== undefined ? [one.name] : []));
    return Result.combine(containers.map((one) => readOne(one, { images, report, namesOf })));
  });
}

function containersOf(described: Builder | Cluster): Result<readonly Described[], HacoError> {
  if ('containers' in described) {
    return described.containers().map((all) => all.map((one) => ({ ...one, at: `cluster.${one.member}.` })));
  }
  return described.spec().map(({ identity: { name } }) => {
    return [{ at: '', member: undefined, name, builder: described, dependsOn: [], share: [] }];
  });
}

function readOne(
  { at, member, name, builder, dependsOn, share }: Described,
  {
    images: { image, images = {}, host },
    report,
    namesOf,
  }: { readonly images: Images; readonly report: Report; readonly namesOf: (member: string) => readonly string[] },
): Result<Service, HacoError> {
  return builder.spec().andThen((spec): Result<Service, HacoError> => {
    const named = (member === undefined ? undefined : images[member]) ?? image ?? imageOf(spec.rootfs);
    if (named === undefined)
      return invalid(`${at}rootfs`, 'an engine starts containers from images; name one with "image"');
    if (name === undefined)
      return invalid('identity.name', 'a container of an engine needs a name; give one with name()');
    // The characters of all names of images: each format writes them as they are.
    if (!/^[\w./:@-]+$/.test(named)) return invalid(`${at}rootfs`, `${JSON.stringify(named)} is no name of an image`);
    const { service, missing } = readService(spec, {
      at,
      name,
      image: named,
      host,
      dependsOn: dependsOn.flatMap((other, index) =>
        namesOf(other).map((entry) => ({ entry, from: `dependsOn[${String(index)}]` })),
      ),
      shares: share.flatMap(([kind, other]) =>
        namesOf(other).map((entry) => ({ entry: [kind, entry] as const, from: `share.${kind}` })),
      ),
    });
    for (const { path, message } of missing) report.missing(service, path, message);
    return ok(service);
  });
}

/** A root that comes from a registry names its image itself. */
function imageOf(rootfs: { readonly strategy?: string | undefined; readonly image?: unknown }): string | undefined {
  if (rootfs.strategy !== 'image' || typeof rootfs.image !== 'string') return undefined;
  // A layout or an archive is a path.
  return /^\.{0,2}\//.test(rootfs.image) ? undefined : rootfs.image;
}

function invalid(path: string, message: string): Result<never, HacoError> {
  return err(new InvalidSpecError({ issues: [issue(path, message)] }));
}
