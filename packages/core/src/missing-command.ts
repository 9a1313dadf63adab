/** Preflight of the command: whether any of the places where it is looked for has it, as far as that can be said before the start. */
import { closeSync, fstatSync } from 'node:fs';
import type { SharedFacts, Warning } from '@haco/plan';
import { openInRoot } from '@haco/sys';
import { candidates } from './process/candidates.js';
import { execStepId } from './process/exec.js';
import type { Spec } from './spec.js';

type Found = 'program' | 'no program' | 'nothing' | 'unknown';

/** What lies at a path of the root. Whatever can't be looked at is unknown, and nobody's fault. */
function look(root: string, path: string): Found {
  const opened = openInRoot(root, path);
  if (opened.isErr()) return opened.error.kind === 'not-found' ? 'nothing' : 'unknown';
  try {
    const stat = fstatSync(opened.value);
    return stat.isFile() && (stat.mode & 0o111) !== 0 ? 'program' : 'no program';
  } catch {
    return 'unknown';
  } finally {
    closeSync(opened.value);
  }
}

/** Whether what is seen inside is what lies in the root: nothing is laid over it that could bring programs. */
function isPlain(spec: Spec, { entered }: SharedFacts): boolean {
  const { rootfs, entries = [] } = (spec['mounts'] ?? {}) as {
    readonly rootfs?: object;
    readonly entries?: readonly { readonly kind: string }[];
  };
  const isLayered = rootfs !== undefined && 'overlay' in rootfs;
  const brings = entries.some(({ kind }) => ['bind', 'overlay', 'file'].includes(kind));
  return !isLayered && !brings && !entered.includes('mount');
}

/** The directories that a root is made of, where it isn't one as a whole. */
export function shownOf(spec: Spec): readonly string[] | undefined {
  const { rootfs } = (spec['mounts'] ?? {}) as { readonly rootfs?: { readonly only?: readonly string[] } };
  return rootfs?.only;
}

/** The problem, when there is one for certain. */
export function missingCommand(spec: Spec, facts: SharedFacts): readonly Warning[] {
  const root = facts.rootfs ?? (facts.changesRoot ? undefined : '/');
  if (root === undefined || spec.process.parked === true || !isPlain(spec, facts)) return [];
  const paths = candidates(spec.process).map(({ path }) => path);
  // A relative path begins where the container's working directory is.
  if (paths.some((path) => !path.startsWith('/'))) return [];
  const only = shownOf(spec);
  const isShown = (path: string): boolean =>
    only === undefined || only.some((directory) => path.startsWith(`${directory}/`));
  const found = paths.map((path) => (isShown(path) ? look(root, path) : 'nothing'));
  if (found.includes('program') || found.includes('unknown')) return [];
  const at = found.indexOf('no program');
  const whole = root === '/' ? '' : ` below ${root}`;
  const below = only === undefined ? whole : ` in ${only.join(', ')} of ${root}`;
  const remedy = only === undefined ? 'or install it there' : 'or bring its directory with mount()';
  const message =
    at >= 0
      ? `The command ${paths[at] ?? ''}${below} is no program that can be executed; give one that is, or make it executable with chmod.`
      : `There is no command ${nameOf(spec, paths)}${below}; give its path as seen inside, ${remedy}.`;
  return [{ step: execStepId, kind: 'not-found', message }];
}

function nameOf({ process: { command } }: Spec, paths: readonly string[]): string {
  if (command === undefined) return paths.join(' or ');
  if (command.file.includes('/')) return command.file;
  return `"${command.file}" in ${paths.map((path) => path.slice(0, path.lastIndexOf('/'))).join(':')}`;
}
