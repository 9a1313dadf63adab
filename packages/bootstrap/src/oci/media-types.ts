/** Media types of OCI and of Docker, which mean the same. */

const oci = 'application/vnd.oci.image.';
const docker = 'application/vnd.docker.distribution.manifest.';

export const indexTypes: readonly string[] = [`${oci}index.v1+json`, `${docker}list.v2+json`];
export const manifestTypes: readonly string[] = [`${oci}manifest.v1+json`, `${docker}v2+json`];

/** The types that a registry is asked for. */
export const acceptedTypes = [...manifestTypes, ...indexTypes].join(', ');

const layerTypes =
  /^application\/vnd\.(oci\.image\.layer(\.nondistributable)?\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.(foreign\.)?diff\.tar(\.gzip|\.zstd)?)$/;

/** Whether it is a layer of files; there are manifests of other things, e.g. of charts and signatures. */
export function isLayerType(mediaType: string): boolean {
  return layerTypes.test(mediaType);
}
