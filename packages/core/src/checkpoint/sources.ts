/** From which paths of the host the mounts of a restored container come: what its definition says now. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupDir } from '@haco/cgroups';
import type { MountsSection } from '@haco/mounts';
import type { HostFacts } from '@haco/plan';
import type { ExternalMount } from './image.js';

/** What is known of the container besides its mounts. */
export interface SourceContext {
  readonly mounts: Pick<MountsSection, 'entries' | 'masked' | 'lxcfs'>;
  /** Directory of the files that its network brings. */
  readonly networkEtc?: string | undefined;
  readonly externals?: Readonly<Record<string, string>> | undefined;
  /** Path of the container's group in the hierarchy that is mounted there. */
  readonly groupOf?: ((hierarchy: string) => string | undefined) | undefined;
}

/** Where a mount comes from. */
export type Source =
  | { readonly path: string }
  /** A file that is made for it. */
  | { readonly content: Buffer; readonly mode: number }
  | 'empty-directory';

const etcFiles = ['/etc/resolv.conf', '/etc/hosts'];

function normalized(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

function fromEntries({ entries }: SourceContext['mounts'], target: string): Source | undefined {
  // The latest is the one that is seen.
  for (const entry of [...entries].reverse()) {
    if (entry.kind === 'network-etc' && etcFiles.includes(target)) {
      return { path: join(entry.hostEtc, target.slice('/etc/'.length)) };
    }
    if (entry.kind === 'file' && normalized(entry.target) === target) {
      const { content, mode = 0o644 } = entry;
      return { content: 'text' in content ? Buffer.from(content.text) : Buffer.from(content.base64, 'base64'), mode };
    }
    if (entry.kind !== 'bind') continue;
    const at = normalized(entry.target);
    if (at === target) return { path: entry.source };
    if (entry.recursive !== false && target.startsWith(`${at}/`))
      return { path: join(entry.source, target.slice(at.length)) };
  }
  return undefined;
}

/** The source of one mount; undefined: the definition has none. */
export function sourceOf(context: SourceContext, external: ExternalMount): Source | undefined {
  const { target, directory, hierarchy } = external;
  const { mounts, networkEtc, externals = {}, groupOf } = context;
  if (Object.hasOwn(externals, target)) return { path: externals[target] ?? '' };
  if ((mounts.masked ?? []).map(normalized).includes(target)) {
    return directory ? 'empty-directory' : { path: '/dev/null' };
  }
  if (hierarchy !== undefined) {
    const path = groupOf?.(hierarchy);
    return path === undefined ? undefined : { path };
  }
  if (mounts.lxcfs !== undefined && /^\/(?:proc|sys)\//.test(target)) return { path: join(mounts.lxcfs, target) };
  const found = fromEntries(mounts, target);
  if (found !== undefined || networkEtc === undefined || !etcFiles.includes(target)) return found;
  return { path: join(networkEtc, target.slice('/etc/'.length)) };
}

/**
 * The container's group in a hierarchy, where it shall have one; else that of whoever restores it, as for a new container.
 *
 * @param groups - those that the container gets
 */
export function groupIn(groups: readonly GroupDir[], host: HostFacts): (hierarchy: string) => string | undefined {
  const { v1, v2 } = host.cgroups;
  return (hierarchy) => {
    const own = groups.find(({ path }) => path.startsWith(`${hierarchy}/`));
    if (own !== undefined) return own.path;
    const mount = [...Object.values(v1), ...(v2 === undefined ? [] : [v2])].find(
      ({ mountPoint }) => mountPoint === hierarchy,
    );
    return mount === undefined ? undefined : normalized(`${mount.mountPoint}/${mount.ownGroup}`);
  };
}

/** A source as a path: what is to be made is made below `work`. Throws what `fs` throws. */
export function materialize(source: Exclude<Source, 'empty-directory'>, work: string, index: number): string {
  if ('path' in source) return source.path;
  const path = join(work, `file.${String(index)}`);
  writeFileSync(path, source.content, { mode: source.mode });
  return path;
}
