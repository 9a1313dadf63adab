/** What Node does for the network of one container: connect it while its start waits, disconnect it afterwards. */
import { type BarrierMoment, type HacoError, NotFoundError, type PartEffects } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { attachBarrier } from '../barriers.js';
import { networksDirectory } from '../directory.js';
import type { NetworkSection } from '../section.js';
import type { Attachment } from '../attachment.js';
import { collectStale } from './collect.js';
import { connect, isActive } from './connect.js';
import { disconnect } from './disconnect.js';
import { withLock } from './lock.js';
import { startTimeOf } from './owner.js';
import { readState } from './state.js';

function gone(name: string): HacoError {
  return new NotFoundError({
    what: 'container',
    subject: name,
    remedy: 'it ended before it could be connected; start it again',
  });
}

/** The effects of a section; undefined where Node has nothing to do. */
export function effectsOf(section: NetworkSection): PartEffects | undefined {
  const { mode, ports } = section;
  if (!isActive(mode)) return undefined;
  let attached: Promise<Result<Attachment, HacoError>> | undefined;

  const attach = ({ name, host, childPid, fail }: BarrierMoment): Promise<Result<Attachment, HacoError>> => {
    const directory = networksDirectory(host);
    return withLock(directory, async () => {
      const startTime = startTimeOf(childPid);
      if (startTime === undefined) return err(gone(name));
      const state = readState(directory);
      if (state.isErr()) return err(state.error);
      const collected = await collectStale(directory, state.value);
      const owner = { pid: childPid, startTime };
      return connect(
        { directory, host, section, mode, ports, container: name, childPid, owner, fail },
        collected.state,
      );
    });
  };

  return {
    barriers: {
      [attachBarrier]: async (moment) => {
        attached = attach(moment);
        return (await attached).map(() => undefined);
      },
    },
    after: async ({ host }) => {
      // A start that was given up doesn't wait for what it has begun: that must be over before it can be undone.
      const made = await attached;
      if (made === undefined || made.isErr()) return ok();
      const directory = networksDirectory(host);
      return withLock(directory, async () => {
        const state = readState(directory);
        if (state.isErr()) return err(state.error);
        const mine = state.value.attachments.find(({ id }) => id === made.value.id);
        return mine === undefined ? ok() : (await disconnect(directory, mine, state.value)).map(() => undefined);
      });
    },
  };
}
