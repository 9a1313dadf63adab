/** Effects of parts, by a part of a third party: their order, their failures, and that what comes after comes once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it, test } from 'vitest';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, HookError, orThrow } from '../index.js';
import { failing, notedPart, type NotedPart, type Place } from './effects-fixture.js';

beforeAll(warmUp);

const begin = (noted: NotedPart) =>
  haco({ parts: [noted.part] })
    .noted()
    .unshare('pid', 'mount');
const order = ['before', 'prepare', 'parent with a child', 'session with a child', 'running'];
const all = order.map((place) => `noted.${place}`);

describeWith(['root'], 'effects of a part', () => {
  it('come in order around a run, and the last one knows how the container has ended', async () => {
    const noted = notedPart();
    const outcome = await expectNothingLeft(() => orThrow(begin(noted).command('/bin/echo', 'hello').run()));
    expect(outcome.stdout).toBe('hello\n');
    expect(noted.notes).toEqual([...all, 'noted.after exited']);
  });

  it('come in order around a start; the handle is given when the last one before it is done', async () => {
    const noted = notedPart();
    await expectNothingLeft(async () => {
      await using container = await orThrow(begin(noted).command('/bin/sleep', '60').start());
      expect(noted.notes).toEqual(all);
      orThrow(container.kill('SIGKILL'));
      expect((await orThrow(container.wait())).reason).toBe('signaled');
      expect(noted.notes).toEqual([...all, 'noted.after signaled']);
    });
    expect(noted.notes).toHaveLength(6);
  });

  it('of several parts are undone in the reverse order', async () => {
    const one = notedPart('one');
    const two = notedPart('two');
    const notes: string[] = [];
    one.act = (place) => void notes.push(`one ${place}`);
    two.act = (place) => void notes.push(`two ${place}`);
    // The verbs of two parts can't have one name.
    const second = { ...two.part, verbs: { second: two.part.verbs.noted } };
    const builder = haco({ parts: [one.part, second] }).noted() as unknown as { second: () => ReturnType<typeof haco> };
    await expectNothingLeft(() => orThrow(builder.second().unshare('pid').command('/bin/true').run()));
    expect(notes).toEqual([
      'one before',
      'two before',
      'one prepare',
      'two prepare',
      'one parent',
      'two parent',
      'one session',
      'two session',
      'one running',
      'two running',
      'two after',
      'one after',
    ]);
  });

  it('of nobody are asked for when the section says nothing', async () => {
    const noted = notedPart();
    await expectNothingLeft(() =>
      orThrow(
        haco({ parts: [noted.part] })
          .command('/bin/true')
          .run(),
      ),
    );
    expect(noted.notes).toEqual([]);
  });

  test.each(['before', 'prepare', 'parent', 'session', 'running'] as const)(
    'that fail at %s fail the start with their own error, and everything is undone once',
    async (place) => {
      for (const how of ['run', 'start'] as const) {
        const noted = notedPart();
        const error = failing(place);
        noted.act = (now) => (now === place ? error : undefined);
        const result = await expectNothingLeft(() => begin(noted).memory('64MiB').command('/bin/sleep', '60')[how]());
        expect(result._unsafeUnwrapErr()).toBe(error);
        expect(noted.notes.at(-1)).toBe('noted.after hook');
        expect(noted.notes.filter((note) => note.startsWith('noted.after'))).toHaveLength(1);
        expect(noted.notes).toHaveLength(order.findIndex((note) => note.startsWith(place)) + 2);
      }
    },
  );

  it('that throw are the mistake of the part, told as its hook', async () => {
    const noted = notedPart();
    noted.act = (place) => {
      if (place === 'parent') throw new TypeError('oops');
    };
    const result = await expectNothingLeft(() => begin(noted).command('/bin/true').run());
    expect(result._unsafeUnwrapErr().message).toBe('The noted.parent hook failed: oops; mend the hook or remove it.');
  });

  it('that fail afterwards are the answer only when nothing else is', async () => {
    const noted = notedPart();
    const cleanup = failing('after');
    noted.act = (place) => (place === 'after' ? cleanup : undefined);
    const ended = await expectNothingLeft(() => begin(noted).command('/bin/true').run());
    expect(ended._unsafeUnwrapErr()).toBe(cleanup);

    const first = failing('parent');
    noted.act = (place) => (place === 'after' ? cleanup : place === 'parent' ? first : undefined);
    const failed = await expectNothingLeft(() => begin(noted).command('/bin/true').run());
    expect(failed._unsafeUnwrapErr()).toBe(first);
    expect(first.cleanup).toEqual([cleanup]);
  });

  it('come after a start that failed by itself', async () => {
    const noted = notedPart();
    const result = await expectNothingLeft(() => begin(noted).command('/no/such/program').run());
    expect(result._unsafeUnwrapErr().kind).toBe('not-found');
    expect(noted.notes).toEqual([...all.slice(0, -1), 'noted.after not-found']);
  });

  it('may end the container later; their error is its answer', async () => {
    const noted = notedPart();
    const error = new HookError({ hook: 'watch', cause: 'seen enough' });
    noted.act = (place, { fail }) => {
      if (place === 'running') setTimeout(() => fail(error), 20);
    };
    const result = await expectNothingLeft(() => begin(noted).command('/bin/sleep', '60').run());
    expect(result._unsafeUnwrapErr()).toBe(error);
    expect(noted.notes.at(-1)).toBe('noted.after hook');
  });

  test.each(['before', 'prepare', 'session', 'running'] as const satisfies readonly Place[])(
    'that hang at %s are not waited for when the caller gives up',
    async (place) => {
      const noted = notedPart();
      const controller = new AbortController();
      let told = false;
      noted.act = (now, { signal }) => {
        if (now !== place) return undefined;
        setTimeout(() => controller.abort(), 20);
        signal.addEventListener('abort', () => (told = true));
        return new Promise(() => undefined);
      };
      const run = begin(noted).signal(controller.signal).command('/bin/sleep', '60');
      const result = await expectNothingLeft(() => (place === 'running' ? run.start() : run.run()));
      expect(result._unsafeUnwrapErr().message).toBe(
        "Can't start the container while its AbortSignal is aborted; use a fresh signal.",
      );
      expect(told).toBe(true);
      expect(noted.notes.at(-1)).toBe('noted.after state');
    },
  );

  it('are told of the end of the container, and are waited for', async () => {
    const noted = notedPart();
    let done = false;
    noted.act = async (place, { signal }) => {
      if (place !== 'running') return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await sleep(10);
      done = true;
    };
    await expectNothingLeft(() => orThrow(begin(noted).command('/bin/true').run()));
    expect(done).toBe(true);
  });

  it('surround each container of a pool', async () => {
    const noted = notedPart();
    await expectNothingLeft(async () => {
      await using pool = await orThrow(begin(noted).pool({ size: 2 }));
      expect((await orThrow(pool.run('/bin/echo', 'hello'))).stdout).toBe('hello\n');
      expect(noted.notes).toContain('noted.after exited');
    });
    const count = (place: string) => noted.notes.filter((note) => note.startsWith(`noted.${place}`)).length;
    expect(count('after')).toBe(count('before'));
    expect(count('running')).toBe(1);
    expect(noted.notes).toContain('noted.after without a command');
  });
});
