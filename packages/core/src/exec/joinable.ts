/** From a running container to a builder whose processes join it. */
import type { Result } from 'neverthrow';
import { plain, type AnyPart, type HacoError } from '@haco/plan';
import type { Launch } from '@haco/sys';
import type { Builder } from '../builder.js';
import { emptyProcess, type ProcessSection } from '../process/section.js';
import type { Runtime } from '../runtime.js';
import type { Spec } from '../spec.js';
import { joinedProcess, joinKey, joinPart, type JoinSection } from './join-part.js';

/** How builders are made; given, because the builder's own file leads here. */
export type MakeBuilder = (parts: readonly AnyPart[], spec: Spec, runtime: Runtime) => Builder;

/** A container that processes can be sent into. */
export interface Joinable {
  /** Those of the container's builder. */
  readonly parts: readonly AnyPart[];
  readonly runtime: Runtime;
  /** Of the container: who its processes are and what confines them. */
  readonly spec: Spec;
  readonly join: JoinSection;
  /** A pidfd of its first process, which stays the container's. Errors: `state`, when it has ended. */
  readonly pidfd: () => Result<number, HacoError>;
  readonly makeBuilder: MakeBuilder;
  /** Told of each process that is sent in. */
  readonly sent: (launch: Launch) => void;
}

const lists = new WeakMap<readonly AnyPart[], readonly AnyPart[]>();

/** The same parts with `join` among them: after those whose facts it replaces, before those that are performed again. */
function partsWithJoin(parts: readonly AnyPart[]): readonly AnyPart[] {
  const known = lists.get(parts);
  if (known !== undefined) return known;
  const at = parts.findIndex(({ key }) => key === 'process');
  const list = [...parts.slice(0, at), joinPart, ...parts.slice(at)];
  lists.set(parts, list);
  return list;
}

/** What of the container's own process holds for every other one: not its command, its streams, its terminal. */
function processOf(section: ProcessSection): ProcessSection {
  const { env, user, workdir, umask, oomScoreAdj, scheduler, ioPriority, personality, execCpuAffinity } = section;
  // Where its own affinity is said, and no final one, the kernel's choice counts.
  const { initial, final } = execCpuAffinity ?? { final: section.cpuAffinity };
  return {
    ...emptyProcess,
    env,
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(umask === undefined ? {} : { umask }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(ioPriority === undefined ? {} : { ioPriority }),
    ...(initial === undefined ? {} : { initialCpuAffinity: initial }),
    ...(final === undefined ? {} : { cpuAffinity: final }),
    ...(personality === undefined ? {} : { personality }),
  };
}

/** The spec of a process that joins: what makes a container is left out, what holds for each of its processes stays. */
function joiningSpec({ parts, spec, join }: Joinable): Spec {
  const sections = parts.map(({ key, scope, empty }): readonly [string, unknown] => [
    key,
    scope === 'container' ? empty : spec[key],
  ]);
  return Object.freeze({
    version: 1,
    ...Object.fromEntries(sections),
    identity: spec.identity,
    process: plain(processOf(spec.process)),
    [joinKey]: plain(join),
  }) as unknown as Spec;
}

/**
 * The runtime that hands the pidfd over. That the process still exists then says, too, that everything read by its number before
 * was read of it.
 */
function joiningRuntime({ runtime, pidfd, sent }: Joinable): Runtime {
  return {
    host: runtime.host,
    launch: (performance) =>
      pidfd().andThen((fd) =>
        runtime
          .launch({ ...performance, descriptors: { ...performance.descriptors, [joinedProcess]: fd } })
          .map((launch) => {
            sent(launch);
            return launch;
          }),
      ),
  };
}

const known = new WeakMap<Joinable, Builder>();

/** A builder of processes that join the container: all its verbs work, and say what differs from the container. */
export function joiningBuilder(joinable: Joinable): Builder {
  const made = known.get(joinable);
  if (made !== undefined) return made;
  const parts = partsWithJoin(joinable.parts);
  const builder = joinable.makeBuilder(parts, joiningSpec(joinable), joiningRuntime(joinable));
  known.set(joinable, builder);
  return builder;
}
