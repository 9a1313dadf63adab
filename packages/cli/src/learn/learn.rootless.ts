/** The course as an ordinary user: everything but what needs a delegated group. */
import { orThrow } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { beforeAll, expect, it } from 'vitest';
import { warmUp } from '../testing.js';
import { chapters } from './chapters/index.js';
import { recordChapter } from './record.js';
import { Stage } from './scene.js';

beforeAll(async () => {
  process.env['LC_ALL'] = 'C';
  await warmUp();
  return () => delete process.env['LC_ALL'];
});

describeWith(['ordinary-user', 'userns', 'seccomp'], 'the course, without root', () => {
  it.each(chapters.filter(({ id }) => id !== 'cgroups'))(
    '$id: leaks without its part, and not with it',
    { timeout: 120_000 },
    async (chapter) => {
      const record = await expectNothingLeft(async () => {
        const stage = orThrow(Stage.open());
        try {
          return orThrow(await recordChapter({ stage }, chapter));
        } finally {
          stage.close();
        }
      });
      expect(record, 'something that it says does not hold').toBeDefined();
    },
  );
});
