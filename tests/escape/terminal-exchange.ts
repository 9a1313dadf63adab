/** A container's terminal while the directory of terminals is exchanged with another one all the time. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Builder } from '@haco/core';
import type { HasNamespace } from '@haco/plan';
import { expectNothingLeft } from '@haco/testkit';
import { expect } from 'vitest';
import { whileExchanging, type Race } from './swapping.js';

/** A virtual machine takes ten times as long for each. */
const starts = process.env['VM_RUN'] === '1' ? 60 : 300;

/**
 * Start many containers with a terminal, whose `/dev` is exchanged with one where every terminal is a link to a file of the root.
 *
 * @param weak - runs a script of the weakened way, which mounts by name; it knows `$root`
 */
export async function terminalAmongExchanges(
  race: Race,
  weak: (script: string) => string,
  base: Builder & HasNamespace<'mount'>,
): Promise<void> {
  const { rootfs } = race;
  const canary = rootfs.inside('/canary');
  const intact = (): void => expect(readFileSync(canary, 'utf8')).toBe('mine\n');
  writeFileSync(canary, 'mine\n');
  mkdirSync(rootfs.inside('/dev/pts'), { recursive: true });
  mkdirSync(rootfs.inside('/evil/pts'), { recursive: true });
  for (const name of ['ptmx', '0']) symlinkSync('/canary', rootfs.inside(`/evil/pts/${name}`));
  // By name, what is typed goes to whatever is there.
  expect(weak('mount --bind $root/evil $root/dev && chroot $root /bin/sh -c "echo typed >/dev/pts/0"')).toBe('');
  expect(readFileSync(canary, 'utf8')).toBe('typed\n');
  writeFileSync(canary, 'mine\n');
  // By its exit code: what a session's leader writes last may be lost when the kernel hangs up its terminal (tty_ldisc_hangup()).
  const victim = base.independent('devpts').tty().command('/bin/sh', '-c', 'test -t 0 && test -t 1');
  const seen = { terminal: 0, refused: 0 };
  const swaps = await whileExchanging(race, [rootfs.inside('/dev'), rootfs.inside('/evil')], () =>
    expectNothingLeft(async () => {
      while (seen.terminal + seen.refused < starts) {
        const result = await victim.run();
        if (result.isOk()) expect(result.value.exitCode).toBe(0);
        else expect(result.error).toMatchObject({ kind: 'syscall' });
        seen[result.isOk() ? 'terminal' : 'refused'] += 1;
        intact();
      }
    }),
  );
  expect(swaps).toBeGreaterThan(1000);
  // Both were met, or nothing would be shown.
  expect(Math.min(seen.terminal, seen.refused)).toBeGreaterThan(0);
}
