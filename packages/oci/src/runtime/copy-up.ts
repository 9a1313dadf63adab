/** `tmpcopyup`: a tmpfs begins with a copy of what it covers. The container hands both directories out, and this program copies. */
import { receiveDescriptor, syscall, flags, slot, struct, type HacoError, type Operation, type Step } from '@haco/core';
import { copyTree } from '@haco/mounts';
import { sendDescriptor } from '@haco/plan';
import { libc, socketPair } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import type { CopyUp } from '../import/import.js';

/** Name under which the launcher gets the socket. */
export const copiesName = 'copies';

const barrierPrefix = 'oci.copy-up.';
const MSG_NOSIGNAL = flags({ MSG_NOSIGNAL: 0x4000 }, 'MSG_NOSIGNAL');
const AT_EMPTY_PATH = flags({ AT_EMPTY_PATH: 0x1000 }, 'AT_EMPTY_PATH');

/** After the copy. */
function planReadonly(): Operation {
  const set = struct(
    { name: 'attr_set', type: 'u64', value: flags({ MOUNT_ATTR_RDONLY: 1 }, 'MOUNT_ATTR_RDONLY') },
    { name: 'attr_clr', type: 'u64', value: 0 },
    { name: 'propagation', type: 'u64', value: 0 },
    { name: 'userns_fd', type: 'u64', value: 0 },
  );
  return syscall('mount_setattr', [slot('mounts.new'), '', AT_EMPTY_PATH, set, 32]);
}

/** Right before the filesystem covers the directory, which was found in the root: no link in it leads elsewhere. */
function withCopy(step: Step, { entry, readonly }: CopyUp): Step {
  const socket = { fd: copiesName };
  return {
    ...step,
    label: `${step.label}, with a copy of what is there`,
    operations: [
      ...step.operations.slice(0, -1),
      sendDescriptor(socket, slot('mounts.target'), 't', MSG_NOSIGNAL),
      sendDescriptor(socket, slot('mounts.new'), 'm', MSG_NOSIGNAL),
      { op: 'barrier', name: `${barrierPrefix}${String(entry)}` },
      ...(readonly ? [planReadonly()] : []),
      ...step.operations.slice(-1),
    ],
  };
}

/** The steps, with waits for the copies. */
export function withCopyUps(steps: readonly Step[], copyUps: readonly CopyUp[]): readonly Step[] {
  return steps.map((step) => {
    const copyUp = copyUps.find(({ entry }) => step.id === `mounts.filesystem.${String(entry)}`);
    return copyUp === undefined ? step : withCopy(step, copyUp);
  });
}

/** Makes the copies that a plan waits for. Close it. */
export class Copier {
  private constructor(
    private readonly copyUps: readonly CopyUp[],
    private readonly sockets: { readonly own: number; readonly theirs: number } | undefined,
    private readonly warn: (message: string) => void,
  ) {}

  static of(copyUps: readonly CopyUp[], warn: (message: string) => void): Result<Copier, HacoError> {
    if (copyUps.length === 0) return ok(new Copier(copyUps, undefined, warn));
    return socketPair().map(([own, theirs]) => new Copier(copyUps, { own, theirs }, warn));
  }

  /** What the launcher is given. */
  get descriptors(): Readonly<Record<string, number>> {
    return this.sockets === undefined ? {} : { [copiesName]: this.sockets.theirs };
  }

  /** Whether it is a barrier of these, and what came of it. */
  at(barrier: string): Result<void, HacoError> | undefined {
    const copyUp = this.copyUps.find(({ entry }) => barrier === `${barrierPrefix}${String(entry)}`);
    if (copyUp === undefined || this.sockets === undefined) return undefined;
    const from = receiveDescriptor(this.sockets.own, 'take over the directory to copy');
    if (from.isErr()) return err(from.error);
    const to = receiveDescriptor(this.sockets.own, 'take over the tmpfs to copy to');
    if (to.isErr()) {
      libc().close(from.value);
      return err(to.error);
    }
    // With a dot: the descriptors name the directories only, and the last name must be no link.
    const path = (fd: number): string => `/proc/self/fd/${String(fd)}/.`;
    const copied = copyTree({ from: path(from.value), to: path(to.value), shownAs: copyUp.target });
    for (const fd of [from.value, to.value]) libc().close(fd);
    return copied.map((unkept) => {
      if (unkept.length === 0) return;
      this.warn(
        `the tmpfs at ${copyUp.target} has no attributes ${unkept.join(', ')} on this kernel; its files lack them`,
      );
    });
  }

  close(): void {
    if (this.sockets === undefined) return;
    libc().close(this.sockets.own);
    libc().close(this.sockets.theirs);
  }
}
