import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { IoError } from '@haco/plan';
import { expect, it } from 'vitest';
import { Budget } from './budget.js';
import { feed } from './feed.js';
import { archiveOf } from './test-archives.js';

const refuse = (hint: string) => new IoError({ what: 'unpack', path: 'archive', errno: '', hint });

it('an input that breaks while nobody reads the body yet fails feed(), and is no error that nobody can catch', async () => {
  const archive = await archiveOf([{ name: 'large', body: Buffer.alloc(100_000) }]);
  const broken = new Error('unexpected end of file');
  let isBroken: () => void;
  const seen = new Promise<void>((resolve) => (isBroken = resolve));
  const input = Readable.from(
    (async function* () {
      yield archive.subarray(0, 10_000);
      await seen;
      throw broken;
    })(),
  );
  const fed = feed({
    input,
    budget: new Budget({ bytes: 1_000_000, entries: 10 }),
    refuse,
    target: '/target',
    signal: undefined,
    report: undefined,
    take: async (_entry, body) => {
      isBroken();
      // As a tree does that gives the event loop its turn before it begins a file.
      for (let turn = 0; turn < 10; turn += 1) await nextTurn();
      for await (const chunk of body) void chunk;
    },
  });
  await expect(fed).rejects.toBe(broken);
});
