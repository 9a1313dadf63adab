/** Names of images: where they come from, as people write them. Pure. */
import { err, ok, type Result } from 'neverthrow';

/** An image in a registry. */
export interface RegistryReference {
  readonly kind: 'registry';
  /** Host with its port, e.g. `registry.example:5000`. */
  readonly registry: string;
  /** e.g. `library/debian`. */
  readonly repository: string;
  /** Tag, or digest as `sha256:…`: the digest wins where both were given. */
  readonly tag: string;
}

/** A file or directory of this host. */
export interface PathReference {
  readonly kind: 'path';
  readonly path: string;
}

export type Reference = RegistryReference | PathReference;

/** Where names without a registry live; its API is at another host. */
export const dockerHub = 'docker.io';

const host = /^(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:\d)|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;
const repository = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tag = /^\w[\w.-]{0,127}$/;

/** The one form of digests that is taken: a hash that can still be trusted. */
export const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * Read a name as `docker pull` does: `debian`, `debian:12`, `registry.example:5000/team/web@sha256:…`; what begins with `/`, `./` or
 * `../` is a path. The error is the end of a sentence.
 */
export function parseReference(text: string): Result<Reference, string> {
  if (/^\.{0,2}\//.test(text)) return ok({ kind: 'path', path: text });
  if (/^[a-z]+:\/\//.test(text)) return err('is a URL; write it without "https://"');
  const [name = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) {
    return err('has a digest that is not "sha256:" with 64 hexadecimal digits');
  }
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const registry = host.test(first) ? first : dockerHub;
  const rest = host.test(first) ? name.slice(slash + 1) : name;
  const colon = rest.lastIndexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const named = colon < 0 ? 'latest' : rest.slice(colon + 1);
  if (!repository.test(path) || path.length > 255) {
    return err(
      'is not the name of an image, e.g. "debian:12" or "registry.example/team/web:1"; paths begin with "/" or "./"',
    );
  }
  if (!tag.test(named)) return err('has an impossible tag');
  const full = registry === dockerHub && !path.includes('/') ? `library/${path}` : path;
  return ok({ kind: 'registry', registry, repository: full, tag: digest ?? named });
}

/** The name for people, complete. */
export function showReference(reference: Reference): string {
  if (reference.kind === 'path') return reference.path;
  const { registry, repository: path, tag: named } = reference;
  return `${registry}/${path}${named.includes(':') ? '@' : ':'}${named}`;
}
