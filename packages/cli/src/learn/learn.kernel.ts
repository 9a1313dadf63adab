/** The course on a real kernel, as root: each chapter says what is true, and its page shows what was recorded. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeTemporaryDirectory, storedHosts } from '@haco/testkit';
import { beforeAll, expect, it } from 'vitest';
import { hacoCommand, InTerminal, runHaco, warmUp } from '../testing.js';
import type { Chapter } from './chapter.js';
import { chapters } from './chapters/index.js';
import { recordChapter, type Recording } from './record.js';
import { Stage } from './scene.js';

let state: string;

beforeAll(async () => {
  state = await makeTemporaryDirectory('learn');
  // What programs say is recorded in the language C.
  process.env['LC_ALL'] = 'C';
  await warmUp();
  return () => {
    delete process.env['LC_ALL'];
    rmSync(state, { recursive: true, force: true });
  };
});

const slow = { timeout: 120_000 };

/** Play a chapter, and record it. */
function record(chapter: Chapter) {
  return expectNothingLeft(async () => {
    const stage = orThrow(Stage.open());
    try {
      return orThrow(await recordChapter({ stage, host: storedHosts.v2 }, chapter));
    } finally {
      stage.close();
    }
  });
}

describeWith(['root', 'userns', 'seccomp', 'controller:memory', 'controller:pids'], 'the course', () => {
  const file = new URL('../../../../docs/learn/recorded.json', import.meta.url);
  const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;

  it('was recorded whole', () => {
    expect(Object.keys(recording)).toEqual(chapters.map(({ id }) => id));
  });

  it.each(chapters)(
    '$id: leaks without its part, not with it, and shows what is in docs/learn',
    slow,
    async (chapter) => {
      const shown = await record(chapter);
      expect(shown, 'something that it says does not hold').toBeDefined();
      expect(shown).toEqual(recording[chapter.id]);
    },
  );

  it('a part that does nothing is found out', slow, async () => {
    const [uts] = chapters;
    const [lesson] = uts?.lessons ?? [];
    if (uts === undefined || lesson === undefined) throw new Error('no chapter');
    const never = {
      ...lesson,
      build: ((start) => lesson.build(start, () => false, {} as never)) as typeof lesson.build,
    };
    const always = {
      ...lesson,
      build: ((start) => lesson.build(start, () => true, {} as never)) as typeof lesson.build,
    };
    expect(await record({ ...uts, lessons: [never] })).toBeUndefined();
    expect(await record({ ...uts, lessons: [always] })).toBeUndefined();
  });
});

describeWith(['root'], 'haco learn', () => {
  it('plays a chapter with answers from a pipe, and remembers it', slow, async () => {
    const env = { XDG_STATE_HOME: join(state, 'remembers') };
    const input = '\n2\nhostname kitchen\nhostname attic\n';
    const ended = await expectNothingLeft(() => runHaco(['learn', 'uts'], { env, input }));
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toContain('Right. See for yourself:');
    expect(ended.stdout).toContain('Not yet. Try again');
    expect(ended.stdout).toMatch(/inside \| attic\n/);
    expect(ended.code).toBe(0);
    const list = await runHaco(['learn', 'list'], { env });
    expect(list.stdout).toMatch(/^✓ uts .*\n {2}pid /);
  });

  it('goes on with the first chapter that was not finished, and q leaves', slow, async () => {
    const env = { XDG_STATE_HOME: join(state, 'goes-on') };
    await runHaco(['learn', 'uts'], { env, input: '\n\n\n' });
    const { stdout, code } = await expectNothingLeft(() => runHaco(['learn'], { env, input: 'q\n' }));
    expect(stdout).toContain('pid: processes that see only each other');
    expect(stdout).not.toContain('haco()');
    expect(code).toBe(0);
  });

  it('remembers nothing that nobody has read', slow, async () => {
    const env = { XDG_STATE_HOME: join(state, 'alone') };
    expect((await runHaco(['learn', 'uts'], { env })).code).toBe(0);
    expect((await runHaco(['learn', 'list'], { env })).stdout).not.toContain('✓');
  });

  it('speaks Japanese when asked, or when the environment does', slow, async () => {
    expect((await runHaco(['learn', 'list', '--lang', 'ja'])).stdout).toContain('自分だけのホスト名');
    const env = { LC_ALL: '', LANG: 'ja_JP.UTF-8' };
    expect((await runHaco(['learn', 'list'], { env })).stdout).toContain('自分だけのホスト名');
  });

  it('knows its chapters', slow, async () => {
    const { code, stderr } = await runHaco(['learn', 'nett']);
    expect(stderr).toBe('haco: There is no chapter "nett"; did you mean "net"?\n');
    expect(code).toBe(125);
  });

  it('in a terminal, Ctrl-C ends it and leaves nothing', slow, async () => {
    await expectNothingLeft(async () => {
      await using terminal = await InTerminal.start([...hacoCommand, 'learn', 'uts', '--lang', 'en']);
      await terminal.shows(/Enter: run it/);
      terminal.type('\n');
      await terminal.shows(/Your answer/);
      terminal.type('\u0003');
      expect(await terminal.ended()).toBe(130);
    });
  });
});
