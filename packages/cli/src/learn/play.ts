/** Plays a chapter with a reader: runs, asks, switches off, checks. Without a reader it goes through everything by itself. */
import type { HacoError } from '@haco/core';
import type { Result } from 'neverthrow';
import type { Chapter, Lesson, Part, Task } from './chapter.js';
import type { Conversation } from './conversation.js';
import { planOf, shootLesson, shootTask, type Shot, type Studio, type Taken } from './shot.js';
import { linesOf, type Language, type Text } from './text.js';
import { words } from './words.js';

/** How a chapter is played. */
export interface PlayOptions {
  readonly studio: Studio;
  readonly talk: Conversation;
  readonly language: Language;
  /** Letters in a line. */
  readonly width: number;
  readonly paint: (style: 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;
}

/** How it went. */
export interface Played {
  /** The reader left in the middle. */
  readonly left: boolean;
  /** Statements that didn't hold here. */
  readonly broken: number;
  /** Lessons and tasks that this machine can't run. */
  readonly skipped: number;
  /** Nobody was there at the end. */
  readonly alone: boolean;
}

/** The reader has said `q`. */
class Leave extends Error {}

/** Play one chapter. */
export async function playChapter(chapter: Chapter, options: PlayOptions): Promise<Played> {
  const player = new Player(chapter, options);
  try {
    await player.play();
    return { left: false, ...player.counted };
  } catch (error) {
    if (error instanceof Leave) return { left: true, ...player.counted };
    throw error;
  }
}

class Player {
  /** `alone`: after the end of the input nobody is asked. */
  readonly counted = { broken: 0, skipped: 0, alone: false };

  constructor(
    private readonly chapter: Chapter,
    private readonly options: PlayOptions,
  ) {}

  async play(): Promise<void> {
    const { title, intro, lessons, task } = this.chapter;
    this.#print(`\n${this.options.paint('bold', this.#in(title))}\n`);
    this.#tell(intro);
    for (const lesson of lessons) await this.#lesson(lesson);
    await this.#task(task);
  }

  async #lesson(lesson: Lesson): Promise<void> {
    this.#print('');
    this.#tell(lesson.about);
    await this.#ask(words.goOn, lesson);
    const whole = await shootLesson(this.options.studio, this.chapter, lesson);
    if (!this.#show(whole, lesson.held)) return;
    const [only, ...others] = lesson.parts;
    if (only === undefined) return;
    if (others.length === 0) await this.#oneOff(lesson, only);
    else await this.#anyOff(lesson);
  }

  /** The only part: a guess, the proof, and what the part was made of. */
  async #oneOff(lesson: Lesson, part: Part): Promise<void> {
    const { question } = lesson;
    if (question !== undefined) {
      this.#print('');
      this.#tell(question.ask);
      question.answers.forEach((answer, index) => this.#prose(this.#in(answer), `  ${String(index + 1)}) `));
      const answer = await this.#ask(words.answer, lesson);
      const verdict =
        answer === undefined || answer === ''
          ? words.unanswered
          : Number(answer) === question.right + 1
            ? words.right
            : words.wrong;
      this.#tell(verdict);
    }
    await this.#off(lesson, part);
    await this.#plan(lesson, part);
  }

  /** Several parts: the reader chooses, as often as wanted; without a reader, each in turn. */
  async #anyOff(lesson: Lesson): Promise<void> {
    for (;;) {
      this.#print('');
      lesson.parts.forEach(({ id }, index) => this.#print(`  ${String(index + 1)}) ${id}`));
      const answer = await this.#ask(words.choose, lesson);
      if (answer === undefined) {
        for (const part of lesson.parts) await this.#off(lesson, part);
        return;
      }
      if (answer === '') return;
      const part = lesson.parts.find(({ id }, index) => id === answer || String(index + 1) === answer);
      if (part !== undefined) await this.#off(lesson, part);
    }
  }

  async #off(lesson: Lesson, part: Part): Promise<void> {
    this.#show(await shootLesson(this.options.studio, this.chapter, lesson, part.id), part.leak);
  }

  async #plan(lesson: Lesson, part: Part): Promise<void> {
    const plan = await planOf(this.options.studio, this.chapter, lesson, part.id);
    if (plan.isErr() || plan.value === '') return;
    this.#print('');
    this.#tell(words.plan);
    this.#indented(plan.value, 'dim');
  }

  async #task(task: Task): Promise<void> {
    this.#print(`\n${this.options.paint('bold', this.#in(words.task))}`);
    this.#tell(task.ask);
    for (;;) {
      const typed = await this.#ask(words.typed);
      const taken = await shootTask(this.options.studio, this.chapter, task, typed || undefined);
      if (!typed || taken.isErr() || taken.value.holds) {
        if (!typed) this.#tell(words.solution);
        this.#show(taken, task.done);
        return;
      }
      this.#shot(taken.value.shot);
      this.#print(this.options.paint('yellow', this.#in(words.again)));
    }
  }

  /** Show a run and what it proves; false: there was none. */
  #show(taken: Result<Taken, HacoError>, statement: Text): boolean {
    const { paint, studio } = this.options;
    if (taken.isErr()) {
      if (studio.signal?.aborted === true) throw new Leave();
      this.counted.skipped += 1;
      this.#print(`${paint('yellow', '-')} ${this.#in(words.skipped)} ${taken.error.message}`);
      return false;
    }
    const { shot, holds } = taken.value;
    // A container that was ended by Ctrl-C proves nothing.
    if (studio.signal?.aborted === true) throw new Leave();
    this.#shot(shot);
    if (!holds) this.counted.broken += 1;
    if (!holds) this.#print(paint('red', this.#in(words.broken)));
    this.#print('');
    this.#prose(this.#in(statement), holds ? '✓ ' : '✗ ');
    return true;
  }

  #shot({ code, output, outside, ending }: Shot): void {
    this.#print('');
    this.#indented(code.join('\n'), 'cyan');
    this.#labelled(words.inside, output);
    if (outside !== undefined) this.#labelled(words.outside, outside);
    if (ending !== undefined) this.#labelled(words.ended, ending);
  }

  #labelled(label: Text, text: string): void {
    const shown = text === '' ? this.#in(words.nothing) : text;
    const lines = clipped(shown.split('\n'));
    for (const line of lines) this.#print(`    ${this.options.paint('dim', `${this.#in(label)} |`)} ${line}`);
  }

  #indented(text: string, style: 'cyan' | 'dim'): void {
    for (const line of text.split('\n')) this.#print(`    ${this.options.paint(style, line)}`);
  }

  /** An answer; `p` shows the plan and asks again, `q` leaves, undefined: nobody is there. */
  async #ask(prompt: Text, lesson?: Lesson): Promise<string | undefined> {
    const { talk, studio } = this.options;
    for (;;) {
      if (this.counted.alone) return undefined;
      const answer = await talk.ask(this.options.paint('bold', this.#in(prompt)));
      if (answer === 'q' || studio.signal?.aborted === true) throw new Leave();
      this.counted.alone = answer === undefined;
      if (answer !== 'p' || lesson === undefined) return answer;
      const plan = await planOf(studio, this.chapter, lesson);
      this.#tell(words.wholePlan);
      this.#indented(
        plan.match(String, ({ message }) => message),
        'dim',
      );
    }
  }

  #in(text: Text): string {
    return text[this.options.language];
  }

  #tell(text: Text): void {
    this.#prose(this.#in(text));
  }

  /** Text with code between backticks. */
  #prose(text: string, before = ''): void {
    const { language, width, paint } = this.options;
    linesOf(text, language, width - before.length).forEach((line, index) => {
      const shown = line.replace(/`([^`]*)`/g, (_span, code: string) => paint('cyan', code));
      this.#print(`${index === 0 ? before : ' '.repeat(before.length)}${shown}`);
    });
  }

  #print(line: string): void {
    this.options.talk.say(line);
  }
}

/** A host may have hundreds of processes: enough of a line, and of lines. */
function clipped(lines: readonly string[]): readonly string[] {
  const short = lines.map((line) => (line.length > 300 ? `${line.slice(0, 300)} …` : line));
  return short.length > 20 ? [...short.slice(0, 20), '…'] : short;
}
