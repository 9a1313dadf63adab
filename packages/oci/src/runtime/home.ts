/** HOME of a process whose configuration doesn't say: engines leave it to their runtime to look it up inside. */
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { openInRoot } from '@haco/sys';

/** A file of users that is larger isn't one. */
const mostBytes = 1024 ** 2;

function lookUp(root: string, uid: number): string {
  const opened = openInRoot(root, '/etc/passwd');
  if (opened.isErr()) return '/';
  try {
    const stat = fstatSync(opened.value);
    // Whoever made the root may have put a device there, or a file that fills the memory.
    if (!stat.isFile() || stat.size > mostBytes) return '/';
    const fields = readFileSync(opened.value, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
    const home = fields.find(([name, , id]) => name !== '' && id !== undefined && Number(id) === uid)?.[5];
    return home === undefined || !home.startsWith('/') || home.includes('\0') ? '/' : home;
  } catch {
    return '/';
  } finally {
    closeSync(opened.value);
  }
}

/**
 * The process with a HOME.
 *
 * @param process - `process` of a configuration, as it was read
 * @param root - host path of the container's root
 */
export function withHome(process: unknown, root: string): unknown {
  if (typeof process !== 'object' || process === null) return process;
  const { env = [], user } = process as { readonly env?: unknown; readonly user?: unknown };
  if (!Array.isArray(env) || env.some((text) => typeof text !== 'string' || text.startsWith('HOME='))) return process;
  const uid = (user as { readonly uid?: unknown } | undefined)?.uid ?? 0;
  return { ...process, env: [...(env as readonly string[]), `HOME=${lookUp(root, Number(uid))}`] };
}
