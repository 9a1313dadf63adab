/** From which paths of the host the mounts of a restored container come: what its definition says now. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountsSection } from '@haco/mounts';
import type { ExternalMount } from './image.js';

/** What is known of the container besides its mounts. */
export interface SourceContext {
  readonly mounts: Pick<MountsSection, 'entries' | 'masked' | 'lxcfs'>;
  /** Directory of the files that its network brings. */
  readonly networkEtc?: string | undefined;
  readonly externals?: Readonly<Record<string, string>> | undefined;
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
export function sourceOf(context: SourceContext, { target, directory }: ExternalMount): Source | undefined {
  const { mounts, networkEtc, externals = {} } = context;
  if (Object.hasOwn(externals, target)) return { path: externals[target] ?? '' };
  if ((mounts.masked ?? []).map(normalized).includes(target)) {
    return directory ? 'empty-directory' : { path: '/dev/null' };
  }
  if (mounts.lxcfs !== undefined && /^\/(?:proc|sys)\//.test(target)) return { path: join(mounts.lxcfs, target) };
  const found = fromEntries(mounts, target);
  if (found !== undefined || networkEtc === undefined || !etcFiles.includes(target)) return found;
  return { path: join(networkEtc, target.slice('/etc/'.length)) };
}

/** A source as a path: what is to be made is made below `work`. Throws what `fs` throws. */
export function materialize(source: Source, work: string, index: number): string {
  if (source === 'empty-directory') {
    const path = join(work, 'empty');
    mkdirSync(path, { recursive: true, mode: 0o755 });
    return path;
  }
  if ('path' in source) return source.path;
  const path = join(work, `file.${String(index)}`);
  writeFileSync(path, source.content, { mode: source.mode });
  return path;
}
