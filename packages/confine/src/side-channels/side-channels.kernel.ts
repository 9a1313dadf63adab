/** Side channels on the real kernel: what this host's facts promise is what a start does. */
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { probeHost } from '@haco/sys';
import { beforeAll, expect, test } from 'vitest';

const facts = probeHost().confinement;

describeWith(['root'], 'side channels', () => {
  beforeAll(async () => void (await orThrow(haco().command('/bin/true').run())));

  test('core scheduling is in force, or refused by name', async () => {
    const result = await expectNothingLeft(() => haco().coreScheduling().command('/bin/true').run());
    if (facts?.coreScheduling === 'absent') {
      expect(result._unsafeUnwrapErr()).toMatchObject({ kind: 'unsupported' });
      expect(result._unsafeUnwrapErr().message).toContain('CONFIG_SCHED_CORE');
    } else {
      expect(result._unsafeUnwrap().enforced).toMatchObject({ coreScheduling: 'enforced' });
    }
  });

  test.each([
    ['store-bypass', 'storeBypass', /^Speculation_Store_Bypass:\s+thread force mitigated$/m],
    ['indirect-branch', 'indirectBranch', /^SpeculationIndirectBranch:\s+conditional force disabled$/m],
  ] as const)('%s is given up for good, or refused by name', async (word, fact, shown) => {
    const start = haco().speculation(word).command('/bin/cat', '/proc/self/status');
    const result = await expectNothingLeft(() => start.run());
    const control = facts?.speculation[fact];
    if (control === 'uncontrollable') expect(result._unsafeUnwrapErr()).toMatchObject({ kind: 'unsupported' });
    else if (control === 'controllable') expect(result._unsafeUnwrap().stdout).toMatch(shown);
    else expect(result._unsafeUnwrap().exitCode).toBe(0);
  });

  test('what may be left out is left out and told', async () => {
    const lax = haco().coreScheduling({ degrade: true }).speculation({ degrade: true }).command('/bin/true');
    const { enforced } = await orThrow(lax.run());
    expect(Object.keys(enforced).sort()).toEqual(['coreScheduling', 'speculation']);
  });
});
