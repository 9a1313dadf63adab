/** What a chapter is: data. The engine (play.ts), the recorder (record.ts) and the pages (page.ts) know no chapter by name. */
import type { Builder, HacoError, Outcome } from '@haco/core';
import type { Result } from 'neverthrow';
import type { Chain } from './chain.js';
import type { Scene } from './scene.js';
import type { Text } from './text.js';

/** What was seen of a run. */
export interface Seen {
  readonly outcome: Outcome;
  /** Everything that the command has written. */
  readonly output: string;
  /** What the host saw afterwards. */
  readonly outside: string;
}

/** What a run needs on the host, such as a segment of shared memory. */
export interface Prop {
  /** Values that the builder needs, by name. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly undo?: () => void;
}

/** What lessons and tasks have in common: something to run. */
export interface Playable {
  /** Made before each run, so that one run can't spoil the next. */
  readonly prepare?: (scene: Scene) => Promise<Result<Prop, HacoError>> | Result<Prop, HacoError>;
  /** What the host sees after the run. */
  readonly outside?: (scene: Scene) => string;
  /** What differs from run to run, and what stands for it in the recorded pages. */
  readonly unstable?: readonly (readonly [RegExp, string])[];
}

/** A part that may be switched off. */
export interface Part {
  /** As `has()` of the lesson knows it. */
  readonly id: string;
  /** True with the part. */
  readonly isClosed: (seen: Seen, scene: Scene) => boolean;
  /** True without it: what leaked was seen, which is more than that something else went wrong. */
  readonly leaks: (seen: Seen, scene: Scene) => boolean;
  /** What was seen without it. */
  readonly leak: Text;
}

/** One of the answers is right, and the run without the part proves it. */
export interface Question {
  readonly ask: Text;
  readonly answers: readonly Text[];
  /** Its index. */
  readonly right: number;
}

/** A container with and without a part. */
export interface Lesson extends Playable {
  readonly about: Text;
  readonly build: (start: Builder, has: (part: string) => boolean, scene: Scene) => Chain;
  /** One part is switched off after the question; of several, the reader chooses. */
  readonly parts: readonly Part[];
  /** What was seen with all parts. */
  readonly held: Text;
  readonly question?: Question;
}

/** Something to do: a command line that runs inside. */
export interface Task extends Playable {
  readonly ask: Text;
  /** One that does it. */
  readonly solution: (scene: Scene) => string;
  readonly build: (start: Builder, typed: string, scene: Scene) => Chain;
  readonly isDone: (seen: Seen, scene: Scene) => boolean;
  readonly done: Text;
}

/** A chapter. */
export interface Chapter {
  /** What it is called on the command line. */
  readonly id: string;
  readonly title: Text;
  readonly intro: Text;
  /** It shows the user namespace itself: an ordinary user gets none beforehand. */
  readonly bare?: true;
  readonly lessons: readonly Lesson[];
  readonly task: Task;
}
