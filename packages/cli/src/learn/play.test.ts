/** The engine, with scripted answers; nothing is run. */
import { err, errAsync, ok, okAsync } from 'neverthrow';
import { orThrow, StateError, type Builder, type Outcome } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { describe, expect, it } from 'vitest';
import type { Chapter } from './chapter.js';
import { playChapter } from './play.js';
import type { Scene } from './scene.js';
import type { Studio } from './shot.js';

const text = (en: string) => ({ en, ja: `日${en}` });

const chapter: Chapter = {
  id: 'test',
  title: text('Title'),
  intro: text('Intro.'),
  lessons: [
    {
      about: text('About.'),
      build: (start, has) => start.when(has('ipc'), (builder) => builder.unshare('ipc')).command('look'),
      held: text('Held.'),
      question: { ask: text('Which?'), answers: [text('this'), text('that')], right: 1 },
      parts: [
        {
          id: 'ipc',
          isClosed: ({ output }) => output === 'closed',
          leaks: ({ output }) => output === 'open',
          leak: text('Leaked.'),
        },
      ],
    },
  ],
  task: {
    ask: text('Do it.'),
    solution: () => 'right',
    build: (start, typed) => start.sh(typed),
    isDone: ({ output }) => output === 'right',
    done: text('Done.'),
  },
};

const scene: Scene = { isRoot: true, desk: '/desk', root: '/root', pid: 1, facts: {} };

/** A kernel for which a namespace closes everything, and a shell that says what it is told. */
function pretend(builder: Builder): string {
  const spec = JSON.stringify(orThrow(builder.spec()));
  const typed = /"-c","([^"]*)"/.exec(spec)?.[1];
  return typed ?? (spec.includes('"ipc"') ? 'closed' : 'open');
}

async function play(answers: readonly string[], options: Partial<Studio> = {}, played = chapter) {
  const lines: string[] = [];
  const left = [...answers];
  const result = await playChapter(played, {
    studio: {
      stage: { scene: () => scene, anonymous: (shown) => shown },
      host: storedHosts.v2,
      run: (builder) => okAsync({ stdout: `${pretend(builder)}\n`, stderr: '', reason: 'exited' } as Outcome),
      ...options,
    },
    talk: {
      say: (line) => lines.push(...line.split('\n')),
      ask: (prompt) => {
        lines.push(`${prompt} > ${left[0] ?? ''}`);
        return Promise.resolve(left.shift());
      },
    },
    language: 'en',
    width: 80,
    paint: (_style, shown) => shown,
  });
  return { ...result, lines: lines.filter((line) => line !== '') };
}

describe('a chapter', () => {
  it('runs, asks, switches off, shows the plan, and checks what is done', async () => {
    const { lines, ...result } = await play(['', '2', 'wrong', 'right']);
    expect(result).toEqual({ left: false, broken: 0, skipped: 0, alone: false });
    const code = (comment: string) => [
      '    haco()',
      `      ${comment}.unshare('ipc')`,
      "      .command('look')",
      '      .run()',
    ];
    expect(lines).toEqual([
      'Title',
      'Intro.',
      'About.',
      'Enter: run it > ',
      ...code(''),
      '    inside | closed',
      '✓ Held.',
      'Which?',
      '  1) this',
      '  2) that',
      'Your answer > 2',
      'Right. See for yourself:',
      ...code('// '),
      '    inside | open',
      '✓ Leaked.',
      'What this part adds to the plan:',
      "    [clone] create the container's process in a new ipc namespace",
      expect.stringContaining('why: ipc'),
      expect.stringContaining('needs: CAP_SYS_ADMIN'),
      expect.stringContaining('CLONE_NEWIPC'),
      'Your turn',
      'Do it.',
      'Command (Enter: show me) > wrong',
      '    haco()',
      "      .sh('wrong')",
      '      .run()',
      '    inside | wrong',
      'Not yet. Try again, or press Enter to be shown.',
      'Command (Enter: show me) > right',
      '    haco()',
      "      .sh('right')",
      '      .run()',
      '    inside | right',
      '✓ Done.',
    ]);
  });

  it('says when the answer was wrong', async () => {
    const { lines } = await play(['', '1', '']);
    expect(lines).toContain('Not quite. See for yourself:');
    expect(lines).toContain('One way:');
  });

  it('plays by itself when nobody answers', async () => {
    const { lines, ...result } = await play([]);
    expect(result).toEqual({ left: false, broken: 0, skipped: 0, alone: true });
    expect(lines.filter((line) => line.startsWith('✓'))).toEqual(['✓ Held.', '✓ Leaked.', '✓ Done.']);
  });

  it('shows the whole plan on p, and leaves on q', async () => {
    const { lines, left } = await play(['p', '', 'q']);
    expect(left).toBe(true);
    expect(lines).toContain('The whole plan:');
    expect(lines).not.toContain('✓ Leaked.');
  });

  it('tells and counts what does not hold: a leak must be seen, no leak too', async () => {
    const { lines, broken } = await play([], {
      run: () => okAsync({ stdout: 'something else\n', stderr: '', reason: 'exited' } as Outcome),
    });
    expect(broken).toBe(3);
    expect(lines.filter((line) => line.startsWith('✗'))).toEqual(['✗ Held.', '✗ Leaked.', '✗ Done.']);
  });

  it('leaves out what this machine cannot run, with the reason', async () => {
    const error = new StateError({ what: 'do that', state: 'closed', remedy: 'open it' });
    const { lines, skipped, broken } = await play([], { run: () => errAsync(error) });
    expect({ skipped, broken }).toEqual({ skipped: 2, broken: 0 });
    expect(lines.filter((line) => line.startsWith('-'))).toEqual(
      Array(2).fill(`- This can’t be shown here: ${error.message}`),
    );
    const prepared = { ...chapter, lessons: chapter.lessons.map((one) => ({ ...one, prepare: () => err(error) })) };
    expect(await play([], {}, prepared)).toMatchObject({ skipped: 1, broken: 0 });
  });

  it('undoes what it has prepared, also when the run fails', async () => {
    const made: string[] = [];
    const prepare = () => {
      made.push('made');
      return ok({ undo: () => void made.push('undone') });
    };
    const prepared = { ...chapter, lessons: chapter.lessons.map((one) => ({ ...one, prepare })) };
    await play([], {}, prepared);
    const error = new StateError({ what: 'do that', state: 'closed', remedy: 'open it' });
    await play([], { run: () => errAsync(error) }, prepared);
    expect(made.length).toBeGreaterThan(6);
    expect(made.filter((_, index) => index % 2 === 0)).toEqual(Array(made.length / 2).fill('made'));
    expect(made.filter((_, index) => index % 2 === 1)).toEqual(Array(made.length / 2).fill('undone'));
  });

  it('of several parts, the reader chooses by number or by name, as often as wanted', async () => {
    const part = (id: string) => ({ id, isClosed: () => true, leaks: () => true, leak: text(`${id} leaked.`) });
    const several: Chapter = {
      ...chapter,
      lessons: [
        {
          about: text('About.'),
          held: text('Held.'),
          parts: [part('a'), part('b')],
          build: (start) => start.command('look'),
        },
      ],
    };
    const { lines } = await play(['', '2', 'x', 'a', '', 'right'], {}, several);
    expect(lines.filter((line) => line.startsWith('✓'))).toEqual(['✓ Held.', '✓ b leaked.', '✓ a leaked.', '✓ Done.']);
  });
});
