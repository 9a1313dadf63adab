/** Attacks of a hostile process, as an ordinary user: each first succeeds where nothing is defended, then fails in a sandbox and in a container. */
import { haco, orThrow } from '@haco/core';
import { describeWith } from '@haco/testkit';
import { afterAll, beforeAll } from 'vitest';
import { attacks, attacksOnCgroup1, makeTargets, type Targets } from './attacks.js';
import { testAttacks, testForEveryUser } from './for-every-user.js';

let targets: Targets;

describeWith(
  ['ordinary-user', 'userns', 'compiler', 'probe', 'seccomp'],
  'escape: from inside, as an ordinary user',
  () => {
    beforeAll(async () => {
      await orThrow(haco().command('/bin/sleep', '0.05').run());
      targets = await makeTargets();
    });
    afterAll(() => targets[Symbol.asyncDispose]());

    testAttacks(attacks, () => targets);
    testForEveryUser(() => targets);
  },
);

describeWith(
  ['ordinary-user', 'userns', 'compiler', 'probe', 'seccomp', 'cgroup1'],
  'escape from inside by cgroup v1, as an ordinary user',
  () => {
    beforeAll(async () => {
      await orThrow(haco().command('/bin/sleep', '0.05').run());
      targets = await makeTargets();
    });
    afterAll(() => targets[Symbol.asyncDispose]());

    testAttacks(attacksOnCgroup1, () => targets);
  },
);
