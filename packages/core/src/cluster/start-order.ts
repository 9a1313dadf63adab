/** In which order the containers of a cluster are started, and what of others they are given. */
import { setMaxListeners } from 'node:events';
import type { Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { Builder } from '../builder.js';
import type { ClusterContainer } from './cluster.js';
import type { Member } from './members.js';

/** Starts one container, and settles when it is ready. `over` fires when another one has failed. */
export type StartOne = (
  container: ClusterContainer,
  member: Member,
  over: AbortSignal,
) => PromiseLike<Result<unknown, HacoError>>;

/** Start everything, each as soon as those that it needs are ready; the first error, when there is one. */
export async function inOrder(
  members: readonly Member[],
  containers: readonly ClusterContainer[],
  startOne: StartOne,
): Promise<HacoError | undefined> {
  let failure: HacoError | undefined;
  const over = new AbortController();
  // Each container listens; Node warns from eleven on.
  setMaxListeners(0, over.signal);
  const ready = new Map<string, Promise<void>>();
  const readyOf = (name: string): Promise<void> => {
    let promise = ready.get(name);
    if (promise === undefined) {
      const member = members.find((one) => one.name === name);
      promise = member === undefined ? Promise.resolve() : startMember(member);
      ready.set(name, promise);
    }
    return promise;
  };
  const startMember = async (member: Member): Promise<void> => {
    await Promise.all([...new Set([...member.dependsOn, ...member.share.map(([, other]) => other)])].map(readyOf));
    const own = containers.filter((one) => one.member === member.name);
    await Promise.all(
      own.map(async (container) => {
        if (failure !== undefined) return;
        const started = await startOne(container, member, over.signal);
        if (started.isOk()) return;
        failure ??= started.error;
        over.abort();
      }),
    );
  };
  await Promise.all(members.map(({ name }) => readyOf(name)));
  return failure;
}

/** The builder in the namespaces that it shares. */
export function entering(
  builder: Builder,
  share: Member['share'],
  containerOf: (member: string) => { readonly pid: number; readonly startTime?: number } | undefined,
): Builder {
  return share.reduce((entered, [kind, other]) => {
    const container = containerOf(other);
    return container === undefined ? entered : entered.enter(kind, { container });
  }, builder);
}
