/** Records a chapter: what its containers show, with what differs from run to run replaced by a name. */
import type { HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import type { Chapter, Lesson, Playable } from './chapter.js';
import { planOf, shootLesson, shootTask, type Shot, type Studio, type Taken } from './shot.js';

/** A lesson that was recorded. */
export interface LessonRecord {
  readonly on: Shot;
  /** By the part that was switched off. */
  readonly off: Readonly<Record<string, { readonly shot: Shot; readonly plan: string }>>;
}

/** A chapter that was recorded. */
export interface ChapterRecord {
  readonly lessons: readonly LessonRecord[];
  readonly task: Shot;
}

/** Record a chapter. Errors: what made a run fail; a chapter whose statements don't hold is no record, but `undefined`. */
export async function recordChapter(
  studio: Studio,
  chapter: Chapter,
): Promise<Result<ChapterRecord | undefined, HacoError>> {
  const lessons: LessonRecord[] = [];
  let holds = true;
  const keep = (playable: Playable, taken: Taken): Shot => {
    holds &&= taken.holds;
    return stable(studio, playable, taken.shot);
  };
  for (const lesson of chapter.lessons) {
    const on = await shootLesson(studio, chapter, lesson);
    if (on.isErr()) return err(on.error);
    const off: Record<string, { readonly shot: Shot; readonly plan: string }> = {};
    for (const { id } of lesson.parts) {
      const shot = await shootLesson(studio, chapter, lesson, id);
      if (shot.isErr()) return err(shot.error);
      // Where the reader chooses among several parts, their plans were shown in their own chapters.
      const plan = lesson.parts.length > 1 ? ok('') : await planOf(studio, chapter, lesson, id);
      if (plan.isErr()) return err(plan.error);
      off[id] = { shot: keep(lesson, shot.value), plan: replaced(studio, lesson, plan.value) };
    }
    lessons.push({ on: keep(lesson, on.value), off });
  }
  const task = await shootTask(studio, chapter, chapter.task);
  if (task.isErr()) return err(task.error);
  const shot = keep(chapter.task, task.value);
  return ok(holds ? { lessons, task: shot } : undefined);
}

function replaced({ stage }: Studio, { unstable = [] }: Pick<Lesson, 'unstable'>, text: string): string {
  return unstable.reduce((rest, [pattern, name]) => rest.replace(pattern, name), stage.anonymous(text));
}

function stable(studio: Studio, playable: Playable, { code, output, outside, ...rest }: Shot): Shot {
  const of = (text: string): string => replaced(studio, playable, text);
  return {
    code: code.map(of),
    output: of(output),
    ...(outside === undefined ? {} : { outside: of(outside) }),
    ...rest,
  };
}

/** What is in `docs/learn/recorded.json`: chapters by their id. */
export type Recording = Readonly<Record<string, ChapterRecord>>;
