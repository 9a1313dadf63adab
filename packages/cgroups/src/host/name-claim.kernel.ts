/** The claim of a name, where hierarchies could each have a group of it: what a program that is started meanwhile keeps open doesn't keep the name. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { probeHost } from '@haco/sys';
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { claimName } from './name-claim.js';

const descriptors = (): readonly string[] => readdirSync('/proc/self/fd');
const claim = (): ReturnType<typeof claimName> => claimName('haco-test-claimed', { pids: 50 }, probeHost());

describeWith(['root', 'cgroup1', 'controller:memory', 'controller:pids'], 'the claim of a name', () => {
  test('is of one at a time, until it is let go of', () => {
    const first = claim();
    expect(first).toBeDefined();
    expect(claim()).toBeUndefined();
    first?.release();
    first?.release();
    const second = claim();
    expect(second).toBeDefined();
    second?.release();
  });

  test('ends with its release, although a program that was started meanwhile still has the descriptor', async () => {
    claim()?.release();
    const before = descriptors();
    const first = claim();
    const [own] = descriptors().filter((fd) => !before.includes(fd));
    const child = spawn('sh', ['-c', 'echo ready; read _'], { stdio: ['pipe', 'pipe', 'inherit', Number(own)] });
    await once(child.stdout ?? child, 'data');
    expect(claim()).toBeUndefined();
    first?.release();
    const second = claim();
    expect(second).toBeDefined();
    second?.release();
    child.stdin?.end();
    await once(child, 'close');
  });
});
