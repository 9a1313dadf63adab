/** Attacks by what is handed to haco itself: names, options and JSON of somebody else. Nothing may start, and nothing may stay. */
import { haco, orThrow, type Builder, type HacoError } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterEach, describe, expect, test } from 'vitest';

const refusal = async (builder: Builder): Promise<HacoError> =>
  (await expectNothingLeft(() => builder.run()))._unsafeUnwrapErr();

describeWith(['root'], 'escape: by what haco is given', () => {
  afterEach(() => expect(Object.keys(Object.prototype)).toEqual([]));

  describe('names', () => {
    const names = {
      'that climb': '../../x',
      'that hide a NUL': 'x\0y',
      'of two lines': 'x\ny',
      'of ten thousand letters': 'x'.repeat(10_000),
      'that begin like an option': '-rf',
      'of a parent directory': '..',
    };
    test.each(Object.entries(names))('%s are refused before anything is made', async (_what, name) => {
      expect(await refusal(haco().name(name).pids(5).command('/bin/true'))).toMatchObject({ kind: 'invalid-spec' });
    });

    test.each(['../up', 'a\nb', 'a\0b'])('of cgroups are refused too: %j', async (key) => {
      const error = await refusal(haco().cgroup(key, 1).command('/bin/true'));
      expect(['invalid-spec', 'not-found', 'unsupported']).toContain(error.kind);
    });
  });

  test('a prototype in JSON becomes nobody’s prototype', () => {
    const json: unknown = JSON.parse(
      JSON.stringify(orThrow(haco().command('/bin/true').spec())).replace('{', '{"__proto__":{"polluted":1},'),
    );
    expect(haco.fromSpec(json).isErr()).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('a prototype in an option is an option like any other: unknown, or just a name', async () => {
    const options = JSON.parse('{"__proto__":{"polluted":"1"},"A":"b"}') as Record<string, string>;
    const result = await haco().env(options).command('/bin/sh', '-c', 'echo $A$polluted').run();
    if (result.isOk()) expect(result.value.stdout).toBe('b\n');
    else expect(result.error.kind).toBe('invalid-spec');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('a getter is asked once: what was validated is what is done', async () => {
    let asked = 0;
    const options = {
      get A() {
        asked += 1;
        return asked === 1 ? 'first' : `later\0${String(asked)}`;
      },
    };
    const builder = haco().env(options).command('/bin/sh', '-c', 'echo $A');
    const seen = asked;
    const { stdout } = await orThrow(builder.run());
    expect(stdout).toBe('first\n');
    expect(asked).toBe(seen);
  });
});
