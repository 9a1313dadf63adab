/** A name with limits while its container starts: two that start at the same moment, in different hierarchies, don't both get it. */
import { closeSync, constants, openSync } from 'node:fs';
import type { HacoError, HostFacts } from '@haco/plan';
import { tryLock, unlock } from '@haco/sys';
import { ResultAsync, type Result } from 'neverthrow';
import type { CgroupsSection } from '../section.js';
import { joinPath, ownDirs } from './group-dir.js';
import { heldBelow, otherParents } from './name-taken.js';

/**
 * Files of the caller's own group that only its owner can open, to write: whoever can read a file can lock it, too, and be in the way of
 * all. They are opened and locked here, never written. In the group itself, all meet who could make groups of one name in it, also from
 * other mount and network namespaces; and nothing stays.
 */
const ownersOnly = ['memory.force_empty', 'devices.allow', 'memory.reclaim'];

function openOwn(host: HostFacts): number | undefined {
  const dirs = ownDirs(host);
  for (const file of ownersOnly) {
    for (const { path } of dirs) {
      try {
        return openSync(joinPath(path, file), constants.O_WRONLY | constants.O_NOFOLLOW);
      } catch {
        // Another hierarchy has it, or this user may not.
      }
    }
  }
  return undefined;
}

/** Where in the file a name is: by FNV-1a, of which a lock can take 62 bits. */
function placeOf(name: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return BigInt.asUintN(62, hash);
}

/** A name that nobody else gets until it is let go of, or this process ends. */
export class NameClaim {
  #fd: number | undefined;

  constructor(fd?: number) {
    this.#fd = fd;
  }

  /** Let go of the name: others get it again. More than once does nothing. */
  readonly release = (): void => {
    if (this.#fd === undefined) return;
    unlock(this.#fd);
    closeSync(this.#fd);
    this.#fd = undefined;
  };

  /** Do something and let go of the name. */
  during<T>(action: () => ResultAsync<T, HacoError>): ResultAsync<T, HacoError> {
    const perform = async (): Promise<Result<T, HacoError>> => {
      try {
        return await action();
      } finally {
        this.release();
      }
    };
    return new ResultAsync(perform());
  }
}

/** Claim a name in the caller's own group; undefined: somebody starts a container of this name at this moment. */
export function claim(name: string, host: HostFacts): NameClaim | undefined {
  const fd = openOwn(host);
  if (fd === undefined) return new NameClaim();
  // What can't be locked at all is in nobody's way.
  if (tryLock(fd, placeOf(name), 1n).unwrapOr(true)) return new NameClaim(fd);
  closeSync(fd);
  return undefined;
}

/**
 * Claim the name of a container, until its processes are in its groups: from then on others see it there. Undefined: a container of this
 * name lives, or starts, in hierarchies in which one with these limits gets no group. In the others `mkdir` says so itself.
 *
 * @example
 * ```ts
 * import { claimName } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * claimName('web', { pids: 50 }, probeHost())?.release();
 * ```
 */
export function claimName(name: string, section: CgroupsSection, host: HostFacts): NameClaim | undefined {
  const elsewhere = otherParents(section, host);
  if (elsewhere.length === 0) return new NameClaim();
  const claimed = claim(name, host);
  if (claimed === undefined || heldBelow(elsewhere, name) === undefined) return claimed;
  claimed.release();
  return undefined;
}
