/** What a container used, where no group counts it: its own clock says the same. */
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { warmUp } from './fixture.js';
import { haco, orThrow, type Builder } from './index.js';

beforeAll(warmUp);

/** Work of both kinds, in the shell itself and in children that it waits for; then what the shell was charged for. */
const busy = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
const calls = 'dd if=/dev/zero of=/dev/null bs=1 count=300000 2>/dev/null';
const script = `${busy}; (${busy}); ${calls}; times`;

/** `0m0.12s` in milliseconds. */
const msOf = (text: string): number => {
  const [, minutes = '', seconds = ''] = /^(\d+)m([\d.]+)s$/.exec(text) ?? [];
  return (Number(minutes) * 60 + Number(seconds)) * 1000;
};

const kinds: Readonly<Record<string, Builder>> = {
  'nothing of its own': haco(),
  'an init of its own': haco().unshare('pid').init(),
};

describeWith(['root'], 'usage without a cgroup', () => {
  test.each(Object.entries(kinds))('of a container with %s', async (_, builder) => {
    const { usage, stdout } = await expectNothingLeft(() => orThrow(builder.sh(script).run()));
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = stdout.trim().split(/\s+/).map(msOf);
    // Not each by itself: User Mode Linux doesn't tell the two apart.
    expect(Math.min(user + system, childUser + childSystem)).toBeGreaterThan(20);
    // Node is told in whole microseconds, the shell in hundredths of a second, each of four rounded; and the shell has ended since.
    const near = (one: number, other: number): void => expect(Math.abs(one - other)).toBeLessThan(60);
    near(usage.userMs, user + childUser);
    near(usage.systemMs, system + childSystem);
    expect(usage.memoryPeakBytes).toBeGreaterThan(0);
  });
});
