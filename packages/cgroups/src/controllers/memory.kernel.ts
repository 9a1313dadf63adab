/** Every typed limit of memory on the real kernel: what the file holds, and what it does. */
import { readFileSync } from 'node:fs';
import { haco, orThrow, type Container } from '@haco/core';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { expect, test } from 'vitest';
import { hierarchiesOf } from '../hierarchy.js';
import type { MemoryResources } from './memory.js';

const isV1 = Object.hasOwn(probeHost().cgroups.v1, 'memory');
const name = 'haco-test-memory';
const MiB = 2 ** 20;

function held(file: string): string {
  return readFileSync(`${hierarchiesOf({ memory: MiB }, probeHost())[0]?.base ?? ''}/haco/${name}/${file}`, 'utf8');
}

/** A container with a hog, which waits for a word before it takes so many MiB. */
async function hog(size: number, memory: MemoryResources, use: (container: Container) => Promise<void>): Promise<void> {
  const script = `read go; ${probePath()} hog ${String(size)}; exit 7`;
  await using container = await orThrow(haco().name(name).resources({ memory }).sh(script).start());
  await use(container);
}

describeWith(['root', 'probe', 'controller:memory'], 'a limit of memory', () => {
  const both = { max: '64MiB' } as const;
  const everywhere: readonly (readonly [MemoryResources, file: string, text: string])[] = isV1
    ? [
        [both, 'memory.limit_in_bytes', String(64 * MiB)],
        [{ low: '8MiB' }, 'memory.soft_limit_in_bytes', String(8 * MiB)],
        [{ ...both, swap: '32MiB' }, 'memory.memsw.limit_in_bytes', String(96 * MiB)],
        [{ ...both, swap: 0 }, 'memory.memsw.limit_in_bytes', String(64 * MiB)],
        [{ swappiness: 7 }, 'memory.swappiness', '7'],
      ]
    : [
        [both, 'memory.max', String(64 * MiB)],
        [{ high: '48MiB' }, 'memory.high', String(48 * MiB)],
        [{ low: '8MiB' }, 'memory.low', String(8 * MiB)],
        [{ min: '4MiB' }, 'memory.min', String(4 * MiB)],
        [{ ...both, swap: '32MiB' }, 'memory.swap.max', String(32 * MiB)],
        [{ oomGroup: true }, 'memory.oom.group', '1'],
      ];

  test.each(everywhere)('%j is %s of the group', async (memory, file, text) => {
    await expectNothingLeft(
      () =>
        hog(1, memory, async (container) => {
          expect(held(file).trim()).toBe(text);
          container.stdin?.end('go\n');
          const { enforced, reason } = await orThrow(container.wait());
          expect(reason).toBe('exited');
          expect(Object.keys(enforced)).toEqual(
            Object.keys(memory).map((word) => (word === 'max' ? 'memory' : `memory.${word}`)),
          );
          expect(new Set(Object.values(enforced))).toEqual(new Set(['enforced']));
        }),
      { ignore: /^descriptor/ },
    );
  });

  test.each<MemoryResources>(
    isV1 ? [{ high: '8MiB' }, { min: '8MiB' }, { oomGroup: true }] : [{ swappiness: 7 }, { disableOomKiller: true }],
  )('%j, which this version has not, is refused with what is there instead', async (memory) => {
    const error = (await haco().command('/bin/true').resources({ memory }).run())._unsafeUnwrapErr();
    expect(error.kind).toBe('unsupported');
    expect(error.message).toMatch(
      /^Could not .+: cgroup v[12], which this host uses for memory, can't express resources\(\{ memory: \{ \w+: … \} \}\); .+\.$/,
    );
  });
});

describeWith(['root', 'probe', 'pure-cgroup2', 'controller:memory'], 'memory of a group that dies as one', () => {
  test.each([
    ['the hog alone', false, { reason: 'oom', exitCode: 7 }],
    ['all that is in it', true, { reason: 'oom', signal: 'SIGKILL' }],
  ] as const)('takes %s when it is out', async (_who, oomGroup, end) => {
    await hog(200, { max: '32MiB', swap: 0, oomGroup }, async (container) => {
      container.stdin?.end('go\n');
      expect(await orThrow(container.wait())).toMatchObject(end);
    });
  });
});

describeWith(['root', 'probe', 'cgroup1', 'controller:memory'], 'memory without an OOM killer on v1', () => {
  test('lets who wants more wait, until there is more', async () => {
    await hog(60, { max: '32MiB', swap: 0, disableOomKiller: true }, async (container) => {
      container.stdin?.end('go\n');
      // The kernel says so in the file as long as somebody waits.
      await expect.poll(() => held('memory.oom_control'), { timeout: 15_000 }).toMatch(/^under_oom 1$/m);
      await orThrow(container.update({ memory: '256MiB' }));
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 7, usage: { oomKills: 0 } });
    });
  });
});
