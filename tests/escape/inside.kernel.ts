/** Attacks of a hostile process, as root: each first succeeds where nothing is defended, then fails in a sandbox and in a container. */
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { describeWith } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attackIn, attacks, attacksOnCgroup1, makeTargets, strict, weakened, type Targets } from './attacks.js';
import { testAttacks, testForEveryUser } from './for-every-user.js';

let targets: Targets;

describeWith(['root', 'compiler', 'probe', 'seccomp'], 'escape: from inside, as root', () => {
  beforeAll(async () => {
    await orThrow(haco().command('/bin/sleep', '0.05').run());
    targets = await makeTargets();
  });
  afterAll(() => targets[Symbol.asyncDispose]());

  testAttacks(attacks, () => targets);

  testForEveryUser(() => targets);

  test('setns by a descriptor that was handed in is refused without a filter, too', async () => {
    const file = `/proc/${String(targets.sibling.pid)}/ns/uts`;
    const owner = haco().unshare('user').mapUsers('auto').mapGroups('auto').stdin({ file });
    expect((await attackIn(owner, targets.program, ['given-namespace'])).stdout).toBe('refused: EPERM\n');
  });

  test('the owner of what stdin is, haco and the container leave alone', async () => {
    const file = join(targets.directory, 'stdin');
    writeFileSync(file, '', { mode: 0o666 });
    const owners = (): readonly number[] => [statSync(file).uid, statSync('/dev/null').uid];
    const weak = await orThrow(weakened(targets).stdin({ file }).command(targets.program, 'own-stdin').run());
    expect([weak.stdout, owners()]).toEqual(['reached\n', [1, 0]]);
    chownSync(file, 0, 0);
    const mapped = [{ inside: 0, outside: 100_000, count: 65_536 }];
    const { stdout } = await orThrow(strict(targets).stdin({ file }).command('/tmp/attack', 'own-stdin').run());
    expect(stdout).toMatch(/^refused: E[A-Z]+\n$/);
    // As crun did with the host's /dev/null (CVE-2026-88265), which stdin is without a word.
    void (await orThrow(strict(targets).command('/tmp/attack', 'outside').run()));
    expect(owners()).toEqual([0, 0]);
    const other = haco().unshare('user').mapUsers(mapped).mapGroups(mapped).stdin({ file });
    expect((await orThrow(other.command(targets.program, 'own-stdin').run())).stdout).toMatch(/^refused: E[A-Z]+\n$/);
    expect(owners()).toEqual([0, 0]);
  });
});

describeWith(['root', 'compiler', 'probe', 'seccomp', 'cgroup1'], 'escape from inside by cgroup v1, as root', () => {
  beforeAll(async () => {
    await orThrow(haco().command('/bin/sleep', '0.05').run());
    targets = await makeTargets();
  });
  afterAll(() => targets[Symbol.asyncDispose]());

  testAttacks(attacksOnCgroup1, () => targets);
});
