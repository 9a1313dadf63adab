/** The parent of the groups stays between the starts of a series, and no longer. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { hierarchiesOf, type CgroupsSection } from '@haco/cgroups';
import { closeForkServer, probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow } from '../index.js';

const limited = haco().pids(20).memory('64MiB').command('/bin/true');
const parents = (): readonly string[] =>
  hierarchiesOf(orThrow(limited.spec())['cgroups'] as CgroupsSection, probeHost()).map(({ base }) =>
    join(base, 'haco'),
  );
const kept = `.kept-${String(process.pid)}`;

/** Wait until it is so: the fork server, and then who holds the parent, come after the start that wants them. */
async function until(condition: () => boolean, meanwhile: () => Promise<unknown> = () => sleep(5)): Promise<void> {
  for (const end = performance.now() + 10_000; !condition();) {
    if (performance.now() > end) throw new Error('it never became so');
    await meanwhile();
  }
}

describeWith(['root', 'controller:pids', 'controller:memory'], 'the parent of the groups', () => {
  beforeAll(warmUp);

  test('stays between the starts of a series, with nothing else in it, and goes when the series is over', async () => {
    await expectNothingLeft(async () => {
      const isKept = (): boolean => parents().every((parent) => existsSync(join(parent, kept)));
      await until(isKept, () => orThrow(limited.run()));
      await orThrow(limited.run());
      for (const parent of parents()) expect(directoriesOf(parent)).toEqual([kept]);
      closeForkServer();
      await until(() => parents().every((parent) => !existsSync(parent)));
    });
  });

  test('goes with a single container', async () => {
    await expectNothingLeft(async () => {
      await orThrow(limited.run());
      for (const parent of parents()) expect(existsSync(parent)).toBe(false);
    });
  });
});

function directoriesOf(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}
