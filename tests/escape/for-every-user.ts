/** Attacks that are the same for root and for an ordinary user: defined once, run in the lane of each. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { onTerminal, strict, whileOpen, type Targets } from './attacks.js';

/** Inside a `describe`; the targets are asked for when a test runs. */
export function testForEveryUser(targetsOf: () => Targets): void {
  test(
    'typing into a real terminal that the sandbox inherits, with high bits in the request',
    { timeout: 60_000 },
    () => {
      const { weak, strict: said } = onTerminal(targetsOf());
      expect(weak).toContain('reached');
      expect(said).toMatch(/refused: EPERM/);
      expect(said).not.toContain('reached');
    },
  );

  test('a working directory by a descriptor of the host (CVE-2024-21626)', async () => {
    const usr = openSync('/usr', 'r');
    const by = spawnSync('sh', ['-c', 'cd /proc/self/fd/5 && exec "$0" outside', targetsOf().program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', usr],
    });
    closeSync(usr);
    expect(by.stdout).toBe('reached\n');
    await whileOpen('/', async () => {
      for (let fd = 3; fd < 40; fd += 1) {
        for (const path of [`/proc/self/fd/${String(fd)}`, `/proc/1/fd/${String(fd)}/.`]) {
          const result = await strict(targetsOf()).workdir(path).command('/tmp/attack', 'outside').run();
          expect([path, result._unsafeUnwrapErr()]).toMatchObject([
            path,
            { kind: 'syscall', stepId: 'process.workdir' },
          ]);
        }
      }
    });
  });
}
