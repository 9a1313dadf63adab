/** haco-oci against runc and crun: the same configurations, a probe inside, and what it sees compared. */
import { describeWith, expectNothingLeft, requires } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRuntime, type TestRuntime } from '../runtime/testing.js';
import { type Case } from './case.js';
import { casesOf, familyNames } from './cases/index.js';
import { makeContender, type Contender } from './contenders.js';
import { knownDifferences } from './known-differences.js';
import { Ledger } from './ledger.js';
import { differences, observe, type Observation } from './observe.js';
import { makeHost, type HostOfTest } from './surroundings.js';

/** crun 1.8 refuses to start on a host with both cgroup versions: it sees none of the second one, in a mount namespace of its own. */
const withoutHybrid = 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec "$@"';
const crun = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', withoutHybrid, 'sh', 'crun'];

const hasCrun = requires('tool:crun');

describeWith(['root', 'probe', 'seccomp', 'cgroup1', 'tool:runc', 'tool:unshare'], 'haco-oci against runc', () => {
  let runtime: TestRuntime;
  let host: HostOfTest;
  let haco: Contender;
  let others: readonly Contender[];
  const ledgers = new Map(Object.entries(knownDifferences).map(([name, known]) => [name, new Ledger(known)]));

  beforeAll(async () => {
    runtime = await makeRuntime();
    host = await makeHost();
    haco = await makeContender('haco', [runtime.path], host.group);
    others = [await makeContender('runc', ['runc'], host.group)];
    if (hasCrun.ok) others = [...others, await makeContender('crun', crun, host.group)];
    else process.stderr.write(`SKIPPED haco-oci against crun: ${hasCrun.reason}\n`);
  });
  afterAll(async () => {
    for (const { remove } of [haco, ...others]) await remove();
    await host.remove();
    runtime.remove();
  });

  async function seenBy(contender: Contender, one: Case): Promise<Observation> {
    const run = await contender.run(one);
    return observe(run, one.questions, { rootfs: contender.rootfs, namespaces: host.namespaces });
  }

  /** What of a case nobody knows yet. */
  async function surprises(one: Case): Promise<readonly string[]> {
    const found: string[] = [];
    const own = await seenBy(haco, one);
    for (const other of others) {
      const unknown = ledgers.get(other.name)?.enter(one.name, differences(own, await seenBy(other, one))) ?? [];
      for (const { path, haco: mine, other: theirs } of unknown) {
        found.push(`${one.name}, ${path}: ${mine} with haco, ${theirs} with ${other.name}`);
      }
    }
    return found;
  }

  test.for(familyNames)('%s: both do the same, or it is known why not', { timeout: 300_000 }, async (family) => {
    await expectNothingLeft(async () => {
      const found: string[] = [];
      for (const one of casesOf(family, host)) found.push(...(await surprises(one)));
      expect(found).toEqual([]);
    });
  });

  test('every known difference is still one', () => {
    for (const { name } of others) {
      expect({ name, stale: ledgers.get(name)?.stale() }).toEqual({ name, stale: [] });
      expect(ledgers.get(name)?.cases).toBeGreaterThan(150);
    }
  });
});
