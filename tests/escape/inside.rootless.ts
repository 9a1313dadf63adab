/** Attacks of a hostile process, as an ordinary user: each first succeeds where nothing is defended, then fails in a sandbox. */
import { spawnSync } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attackIn, attacks, makeTargets, onTerminal, strict, weakened, whileOpen, type Targets } from './attacks.js';

let targets: Targets;

describeWith(['ordinary-user', 'userns', 'compiler', 'seccomp'], 'escape: from inside, as an ordinary user', () => {
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

  test(
    'typing into a real terminal that the sandbox inherits, with high bits in the request',
    { timeout: 60_000 },
    () => {
      const { weak, strict: said } = onTerminal(targets);
      expect(weak).toContain('reached');
      expect(said).toMatch(/refused: EPERM/);
      expect(said).not.toContain('reached');
    },
  );

  test('a working directory by a descriptor of the host (CVE-2024-21626)', async () => {
    const usr = openSync('/usr', 'r');
    const by = spawnSync('sh', ['-c', 'cd /proc/self/fd/5 && exec "$0" outside', targets.program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', usr],
    });
    closeSync(usr);
    expect(by.stdout).toBe('reached\n');
    await whileOpen('/', async () => {
      for (let fd = 3; fd < 40; fd += 1) {
        for (const path of [`/proc/self/fd/${String(fd)}`, `/proc/1/fd/${String(fd)}/.`]) {
          const result = await strict(targets).workdir(path).command('/tmp/attack', 'outside').run();
          expect([path, result._unsafeUnwrapErr()]).toMatchObject([
            path,
            { kind: 'syscall', stepId: 'process.workdir' },
          ]);
        }
      }
    });
  });
});
