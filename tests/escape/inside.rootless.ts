/** Attacks of a hostile process, as an ordinary user: each first succeeds where nothing is defended, then fails in a sandbox. */
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attackIn, attacks, makeTargets, strict, weakened, type Targets } from './attacks.js';
import { testForEveryUser } from './for-every-user.js';

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

    test.each(attacks)('$name', async ({ name, words, rootOnly, killed }) => {
      const known = words(targets).filter((word) => word !== undefined);
      const before = await attackIn(weakened(targets), targets.program, known);
      if (killed === true && before.stdout !== 'reached\n') {
        process.stderr.write(`left out: this kernel has no ${name} (User Mode Linux has none)\n`);
        return;
      }
      // Some are out of an ordinary user's reach anyway; the sandbox must not bring them into it.
      if (rootOnly !== true) expect(before.stdout.trim()).toBe('reached');
      const outcome = await expectNothingLeft(() => attackIn(strict(targets), '/tmp/attack', known));
      if (killed === true) expect(outcome).toMatchObject({ reason: 'seccomp', stdout: '' });
      else expect(outcome.stdout).toMatch(/^refused: E[A-Z]+\n$/);
    });

    testForEveryUser(() => targets);
  },
);
