/** The registered containers of a user: what `containers()` does. */
import { readdirSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { InvalidSpecError, IoError, issue, parseName, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import type { AttachByName, AttachedContainer } from '../exec/attach.js';
import type { HacoOptions } from '../haco.js';
import { look } from '../state/collect.js';
import type { ContainerState } from '../state/container-state.js';
import { ContainerDirectory } from '../state/directory.js';
import { finishRemovals } from '../state/lock-directory.js';
import { findStateDirectory } from '../state/root.js';
import type { ContainersOptions } from './containers.js';
import type { SupervisionSection } from './section.js';
import { ManagedContainer, notFound } from './managed-container.js';

/** All of them, by name. What crashes have left is tidied up on the way. */
export async function listContainers(
  options: ContainersOptions,
): Promise<Result<readonly ManagedContainer[], HacoError>> {
  const root = findStateDirectory(options);
  if (root.isErr()) return err(root.error);
  if (root.value === undefined) return ok([]);
  const path = root.value;
  let entries: readonly string[];
  try {
    // What else somebody has put there is no container.
    entries = readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'read the directory', path, errno, hint: hintFor('openat', errno) }));
  }
  finishRemovals(path, entries);
  const names = entries.filter((entry) => parseName(entry).isOk()).sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const directory = new ContainerDirectory(path, name);
      const seen = await look(directory);
      // One that can't be read is shown, so that it can be removed; one that is just being made or removed isn't there.
      return seen.isOk() && seen.value === undefined ? undefined : new ManagedContainer(directory, options);
    }),
  );
  return ok(found.filter((one) => one !== undefined));
}

function wantsToRun({ status, spec, stopRequested }: ContainerState): boolean {
  const policy = (spec['supervision'] as SupervisionSection | undefined)?.restart?.policy;
  return status === 'stopped' && (policy === 'always' || (policy === 'unless-stopped' && !stopRequested));
}

/** Start those again whose policy wants them to run. */
export async function recoverContainers(
  options: ContainersOptions,
): Promise<Result<readonly ManagedContainer[], HacoError>> {
  const all = await listContainers(options);
  if (all.isErr()) return err(all.error);
  const started: ManagedContainer[] = [];
  for (const container of all.value) {
    const state = await container.state();
    if (state.isErr() || !wantsToRun(state.value)) continue;
    if ((await container.start()).isOk()) started.push(container);
  }
  return ok(started);
}

/** The handle that `attachTo({ name })` gives. */
export async function findToAttach(
  { name, ...where }: AttachByName,
  options: HacoOptions,
): Promise<Result<AttachedContainer, HacoError>> {
  const found = await getContainer(name, { ...options, ...where });
  return found.isErr() ? err(found.error) : found.value['~attach']();
}

/** One of them. */
export async function getContainer(
  name: string,
  options: ContainersOptions,
): Promise<Result<ManagedContainer, HacoError>> {
  const valid = parseName(name);
  if (valid.isErr()) return err(new InvalidSpecError({ issues: [issue('name', valid.error)] }));
  const root = findStateDirectory(options);
  if (root.isErr()) return err(root.error);
  if (root.value === undefined) return err(notFound(name));
  const directory = new ContainerDirectory(root.value, valid.value);
  const seen = await look(directory);
  if (seen.isErr()) return err(seen.error);
  return seen.value === undefined ? err(notFound(name)) : ok(new ManagedContainer(directory, options));
}
