/** Mounts whose owners are mapped by lists of their own: a user namespace with each map, for as long as they are made. */
import { closeSync, openSync } from 'node:fs';
import { haco, IoError, StateError, type Builder, type HacoError, type Phase } from '@haco/core';
import type { MountsSection } from '@haco/mounts';
import { err, ok, type Result } from 'neverthrow';
import type { OwnMap } from '../import/mount-maps.js';
import { launchSteps } from './launch.js';

const madeBarrier = 'oci.mount-map';

/** All that a namespace and its map need; nothing of a life in it. */
const makesNamespace: ReadonlySet<Phase> = new Set(['prepare', 'clone', 'parent', 'exec']);

/** A descriptor of a user namespace with the map; its process is gone before it has done anything. */
async function makeUsers(users: Builder): Promise<Result<number, HacoError>> {
  const plan = users.explain();
  if (plan.isErr()) return err(plan.error);
  let made: Result<number, HacoError> | undefined;
  const started = launchSteps({
    steps: [
      ...plan.value.steps.filter(({ phase }) => makesNamespace.has(phase)),
      {
        id: madeBarrier,
        phase: 'parent',
        label: 'open the user namespace',
        why: 'it lives as long as its descriptor, and mounts get their owners by it',
        source: 'mount_setattr(2)',
        from: 'mounts',
        operations: [{ op: 'barrier', name: madeBarrier }],
      },
    ],
    onBarrier: ({ name }, pid) => {
      if (name !== madeBarrier) return Promise.resolve(ok());
      made = openUsers(`/proc/${String(pid)}/ns/user`);
      return Promise.resolve(err(new StateError({ what: 'go on', state: 'the map is made', remedy: 'use it' })));
    },
  });
  if (started.isErr()) return err(started.error);
  const running = await started.value.launched.started;
  if (made !== undefined) return made;
  return err(
    running.isErr()
      ? running.error.error
      : new StateError({ what: 'map a mount', state: 'its user namespace is gone', remedy: 'start it again' }),
  );
}

function openUsers(path: string): Result<number, HacoError> {
  try {
    return ok(openSync(path, 'r'));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'open the user namespace', path, errno, hint: 'look who killed its process' }));
  }
}

/** The container with these maps, until they are closed. */
export interface MappedMounts {
  readonly builder: Builder;
  readonly close: () => void;
}

/** Make the namespaces. Errors: those of a start without the right to map these ids. */
export async function withMountMaps(
  builder: Builder,
  ownMaps: readonly OwnMap[],
): Promise<Result<MappedMounts, HacoError>> {
  const open = new Map<string, number>();
  const close = (): void => {
    for (const fd of open.values()) closeSync(fd);
  };
  if (ownMaps.length === 0) return ok({ builder, close });
  for (const { key, users } of ownMaps) {
    if (open.has(key)) continue;
    const made = await makeUsers(users);
    if (made.isErr()) {
      close();
      return err(made.error);
    }
    open.set(key, made.value);
  }
  const mapped = builder.spec().andThen((spec) => {
    const mounts = spec['mounts'] as MountsSection;
    const entries = mounts.entries.map((entry, index) => {
      const own = ownMaps.find((one) => one.entry === index);
      if (own === undefined) return entry;
      // The launcher opens it, as a process of its own.
      const userNamespace = `/proc/${String(process.pid)}/fd/${String(open.get(own.key))}`;
      return { ...entry, idmap: { userNamespace } };
    });
    return haco.fromSpec({ ...spec, mounts: { ...mounts, entries } });
  });
  if (mapped.isErr()) {
    close();
    return err(mapped.error);
  }
  return ok({ builder: mapped.value, close });
}
