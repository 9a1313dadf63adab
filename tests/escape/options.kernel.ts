/** Attacks by what is handed to haco itself: names, options and JSON of somebody else. Nothing may start, and nothing may stay. */
import { haco, orThrow, sandbox, type Builder, type HacoError, type Outcome } from '@haco/core';
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

    const keys = [
      '../up',
      '..',
      '',
      'a\nb',
      'a\0b',
      '/memory.max',
      'memory.x/y',
      'memory.../../x',
      'memory.max\n',
      '__proto__',
    ];
    test.each(keys)('of cgroups are refused too: %j', async (key) => {
      const error = await refusal(haco().cgroup(key, 1).command('/bin/true'));
      expect(error).toMatchObject({ kind: 'invalid-spec', issues: [{ path: `cgroups.keys[${JSON.stringify(key)}]` }] });
      expect(error.message).toContain('is not a cgroup key');
    });

    test.each(['cgroup.procs', 'tasks', 'cgroup.kill', 'release_agent', 'memory.release_agent', 'notify_on_release'])(
      "of files of cgroups that are haco's own are refused: %s",
      async (key) => {
        const error = await refusal(haco().cgroup(key, 1).command('/bin/true'));
        expect(error).toMatchObject({ kind: 'invalid-spec', issues: [{ path: `cgroups.keys["${key}"]` }] });
        expect(error.message).toContain("can't be set");
      },
    );
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

  /** What would weaken something if it were read: each is an option, or a field of a plan, that nothing here asks for. */
  const weakening: Readonly<Record<string, unknown>> = {
    degrade: true,
    tolerate: ['EPERM', 'EINVAL'],
    skipOnSuccess: 3,
    errnoRet: 0,
    confirmedBy: 'x',
    onlyAfterFailure: true,
    optional: true,
    recursive: false,
    propagation: 'shared',
    idmap: true,
    keep: 'all',
    overlay: true,
    user: 0,
    uid: 0,
  };

  test('what somebody has put on Object.prototype weakens nothing, and plans nothing else', async () => {
    const attack = () =>
      sandbox()
        .name('haco-test-polluted')
        .command('/bin/sh', '-c', 'id -u; cat /proc/self/status; ls -A /home; touch /usr/x');
    const told = ({ stdout, exitCode, enforced }: Outcome) => ({
      // What is in it of one run: pids, memory, counters.
      stdout: stdout
        .split('\n')
        .filter((line) => !/^(Pid|Tgid|Ngid|PPid|NS|Vm|Rss|Threads|voluntary|nonvol|Hugetlb)/.test(line)),
      exitCode,
      enforced,
    });
    const plan = String(orThrow(attack().explain()));
    const before = told(await orThrow(attack().run()));
    expect(before.stdout).toContain('NoNewPrivs:\t1');
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    Object.assign(polluted, weakening);
    // The attack itself: whoever reads an option that nobody gave reads this.
    const options: { readonly degrade?: boolean } = {};
    expect(options.degrade).toBe(true);
    try {
      expect(String(orThrow(attack().explain()))).toBe(plan);
      // Another name is another spec: nothing is remembered of the run before.
      expect(told(await orThrow(attack().name('haco-test-polluted-too').run()))).toEqual(before);
    } finally {
      for (const name of Object.keys(weakening)) Reflect.deleteProperty(polluted, name);
    }
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
