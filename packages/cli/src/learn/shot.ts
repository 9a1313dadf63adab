/** Runs one container of a chapter, and keeps what was seen inside and outside. */
import { haco, type Builder, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { builderOf, codeOf, noting, type Chain } from './chain.js';
import type { Chapter, Lesson, Playable, Prop, Seen, Task } from './chapter.js';
import { partOfPlan, type PlanOptions } from './plan-part.js';
import { cannotMake, type Scene, type Stage } from './scene.js';

/** What a run was, and what it showed. */
export interface Shot {
  readonly code: readonly string[];
  readonly output: string;
  /** Undefined: the chapter doesn't look at the host. */
  readonly outside?: string;
  /** How it ended, where that isn't plain: `oom`, `pids-limit`. */
  readonly ending?: string;
}

/** A shot, and whether it showed what the chapter says. */
export interface Taken {
  readonly shot: Shot;
  readonly holds: boolean;
}

/** Where chapters are run. */
export interface Studio extends PlanOptions {
  readonly stage: Pick<Stage, 'scene' | 'anonymous'>;
  /** In place of `run()`, for tests of what is around it. */
  readonly run?: Builder['run'] extends () => infer R ? (builder: Builder) => R : never;
  /** Ends what runs. */
  readonly signal?: AbortSignal;
}

/** A container as the chapter begins it: an ordinary user owns namespaces by way of a user namespace. */
export function startOf({ bare }: Pick<Chapter, 'bare'>, { isRoot }: Scene): Builder {
  const start = noting<Builder>(haco());
  return isRoot || bare === true ? start : start.unshare('user');
}

/** All parts but one. */
const without = (off: string | undefined) => (part: string) => part !== off;

/** Run a lesson, with everything or without a part. Errors: of `prepare` and of `run()`. */
export async function shootLesson(
  studio: Studio,
  chapter: Chapter,
  lesson: Lesson,
  off?: string,
): Promise<Result<Taken, HacoError>> {
  const make = (scene: Scene) => lesson.build(startOf(chapter, scene), without(off), scene);
  const makeWhole = (scene: Scene) => lesson.build(startOf(chapter, scene), () => true, scene);
  return shoot(studio, lesson, make, makeWhole, (seen, scene) =>
    lesson.parts.every(({ id, isClosed, leaks }) => (id === off ? leaks(seen, scene) : isClosed(seen, scene))),
  );
}

/** Run what was typed. Errors: of `prepare` and of `run()`. */
export async function shootTask(
  studio: Studio,
  chapter: Chapter,
  task: Task,
  typed?: string,
): Promise<Result<Taken, HacoError>> {
  const make = (scene: Scene) => task.build(startOf(chapter, scene), typed ?? task.solution(scene), scene);
  return shoot(studio, task, make, make, task.isDone);
}

/** What a part adds to the plan of a lesson; without one, the whole plan. Nothing is run. Errors: of `explain()`. */
export async function planOf(
  studio: Studio,
  chapter: Chapter,
  lesson: Lesson,
  off?: string,
): Promise<Result<string, HacoError>> {
  return withScene(studio, lesson, (scene) => {
    const build = (has: (part: string) => boolean) => builderOf(lesson.build(startOf(chapter, scene), has, scene));
    const whole = build(() => true);
    const plan = partOfPlan(whole, off === undefined ? undefined : build(without(off)), studio);
    return Promise.resolve(plan);
  });
}

async function shoot(
  studio: Studio,
  playable: Playable,
  make: (scene: Scene) => Chain,
  makeWhole: (scene: Scene) => Chain,
  holds: (seen: Seen, scene: Scene) => boolean,
): Promise<Result<Taken, HacoError>> {
  return withScene(studio, playable, async (scene) => {
    const chain = make(scene);
    const builder = builderOf(chain);
    const { signal, run = (ready) => ready.run() } = studio;
    const ran = await run(signal === undefined ? builder : builder.signal(signal));
    if (ran.isErr()) return err(ran.error);
    const outcome = ran.value;
    const output = `${outcome.stdout}${outcome.stderr}`.trimEnd();
    const outside = playable.outside?.(scene);
    const seen = { outcome, output, outside: outside ?? '' };
    const shot: Shot = {
      code: codeOf(chain, makeWhole(scene)),
      output,
      ...(outside === undefined ? {} : { outside }),
      ...(outcome.reason === 'exited' ? {} : { ending: outcome.reason }),
    };
    return ok({ shot, holds: holds(seen, scene) });
  });
}

async function prepared(prepare: Playable['prepare'], scene: Scene): Promise<Result<Prop, HacoError>> {
  try {
    return (await prepare?.(scene)) ?? ok({});
  } catch (error) {
    return err(cannotMake(error as NodeJS.ErrnoException));
  }
}

/** Make what a run needs on the host, and take it away again. */
async function withScene<T>(
  { stage }: Studio,
  { prepare }: Playable,
  use: (scene: Scene) => Promise<Result<T, HacoError>>,
): Promise<Result<T, HacoError>> {
  const scene = stage.scene();
  const prop = await prepared(prepare, scene);
  if (prop.isErr()) return err(prop.error);
  try {
    return await use({ ...scene, facts: prop.value.facts ?? {} });
  } finally {
    prop.value.undo?.();
  }
}
