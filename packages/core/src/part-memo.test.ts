import { noFacts, plain, type AnyPart, type HostFacts } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { describe, expect, it } from 'vitest';
import { haco, orThrow } from './index.js';
import { factsKeyOf, PartMemo } from './part-memo.js';

const part = { key: 'one' } as unknown as AnyPart;
const other = { key: 'other' } as unknown as AnyPart;
const host: HostFacts = storedHosts.v2;

describe('what a part said', () => {
  /** How often each of these questions was really asked. */
  function asked(...questions: readonly (readonly [part: AnyPart, section: object, host: HostFacts, facts: object])[]) {
    const memo = new PartMemo<number>();
    let count = 0;
    return questions.map(([who, section, where, facts]) => {
      const before = count;
      memo.of(who, section, where, factsKeyOf(plain({ ...noFacts, ...facts })), () => (count += 1));
      return count - before;
    });
  }

  it('holds for the same section of the same part, on the same host, under the same facts', () => {
    const [section, equal] = [plain({ cpu: 1 }), plain({ cpu: 1 })];
    const facts = { name: 'a' };
    expect(
      asked(
        [part, section, host, facts],
        [part, section, host, { ...facts }],
        [part, equal, host, facts],
        [other, section, host, facts],
        [part, section, { ...host }, facts],
        [part, section, host, { name: 'b' }],
        [part, section, host, facts],
      ),
    ).toEqual([1, 0, 1, 1, 1, 1, 0]);
  });

  it('holds for nothing that somebody could change', () => {
    const section = { cpu: 1 };
    expect(asked([part, section, host, {}], [part, section, host, {}])).toEqual([1, 1]);
  });
});

describe('plans of builders that differ in one thing', () => {
  const base = haco()
    .name('same')
    .unshare('pid', 'mount', 'uts')
    .chroot('/srv/root')
    .independent('procfs')
    .caps('none');
  const planOf = (builder: Pick<typeof base, 'explain'>, on: HostFacts = host) =>
    orThrow(builder.explain({ host: on }));
  const fresh = (make: (start: typeof base) => typeof base): string => {
    // From nothing: no part of it has been seen before.
    const anew = haco()
      .name('same')
      .unshare('pid', 'mount', 'uts')
      .chroot('/srv/root')
      .independent('procfs')
      .caps('none');
    return JSON.stringify(planOf(make(anew), structuredClone(host)));
  };

  it.each([
    [
      'the command',
      (b: typeof base) => b.command('/bin/echo', 'one'),
      (b: typeof base) => b.command('/bin/echo', 'two'),
    ],
    ['the environment', (b: typeof base) => b.env({ A: '1' }), (b: typeof base) => b.env({ A: '2' })],
    ['the name', (b: typeof base) => b.name('one'), (b: typeof base) => b.name('two')],
    ['the user, on which capabilities depend', (b: typeof base) => b.user(5, 5), (b: typeof base) => b.user(0, 0)],
    [
      'a namespace, on which mounts depend',
      (b: typeof base) => b.unshare('user'),
      (b: typeof base) => b.unshare('ipc'),
    ],
    ['no_new_privs, on which filters depend', (b: typeof base) => b.noNewPrivileges(), (b: typeof base) => b],
    ['a limit', (b: typeof base) => b.pids(5), (b: typeof base) => b.pids(6)],
  ] as const)('are those of builders that nothing was planned before: %s', (_, first, second) => {
    const plans = [first, second, first].map((make) => JSON.stringify(planOf(make(base))));
    expect(plans).toEqual([fresh(first), fresh(second), fresh(first)]);
    expect(plans[0]).not.toBe(plans[1]);
  });

  it('are those of the host that is asked for', () => {
    const builder = base.memory('64MiB');
    const [v2, kernel511] = [planOf(builder), planOf(builder, storedHosts.kernel511)].map((plan) =>
      JSON.stringify(plan),
    );
    expect(JSON.stringify(planOf(builder))).toBe(v2);
    expect(kernel511).not.toBe(v2);
  });
});
