/** Attacks that are the same for root and for an ordinary user: defined once, run in the lane of each. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { orThrow, type Builder } from '@haco/core';
import { expectNothingLeft } from '@haco/testkit';
import { attackIn, onTerminal, presets, strict, weakened, whileOpen, type Attack, type Targets } from './attacks.js';

/** Each attack, undefended and then against each preset. Inside a `describe`; the targets are asked for when a test runs. */
export function testAttacks(attacks: readonly Attack[], targetsOf: () => Targets): void {
  test.each(attacks)('$name', async (attack) => {
    const { name, words, stdin, rootOnly, killed } = attack;
    const targets = targetsOf();
    const given = words(targets).map((word) => {
      if (word === undefined) throw new Error(`The host has nothing that "${name}" could aim at.`);
      return word;
    });
    const from = (builder: Builder): Builder =>
      stdin === undefined ? builder : builder.stdin({ file: stdin(targets) });
    // Some are out of an ordinary user's reach anyway, also the mounts that they need; a preset must not bring them into it.
    if (rootOnly !== true || process.geteuid?.() === 0) {
      const before = await attackIn(from(weakened(targets, attack)), targets.program, given);
      if (killed === true && before.stdout !== 'reached\n') {
        process.stderr.write(`left out: this kernel has no ${name} (User Mode Linux has none)\n`);
        return;
      }
      expect(before.stdout.trim()).toBe('reached');
    }
    for (const [preset, defended] of Object.entries(presets)) {
      const outcome = await expectNothingLeft(() => attackIn(from(defended(targets)), '/tmp/attack', given));
      if (killed === true) expect([preset, outcome]).toMatchObject([preset, { reason: 'seccomp', stdout: '' }]);
      else expect([preset, outcome.stdout]).toEqual([preset, expect.stringMatching(/^refused: E[A-Z]+\n$/)]);
    }
  });
}

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

  test('descriptors and the working directory of Node stay with Node, also by exec() (CVE-2024-21626)', async () => {
    const targets = targetsOf();
    const leaky = spawnSync('sh', ['-c', 'exec "$0" leaked 5</', targets.program], { encoding: 'utf8', cwd: '/usr' });
    expect(leaky.stdout).toBe('reached\n');
    const away = spawnSync(targets.program, ['outside'], { encoding: 'utf8', cwd: '/usr' });
    expect(away.stdout).toBe('reached\n');
    await whileOpen('/', async () => {
      await using container = await orThrow(strict(targets).command('/bin/sleep', '60').start());
      for (const attack of ['leaked', 'outside']) {
        const ran = await attackIn(strict(targets), '/tmp/attack', [attack]);
        const joined = await orThrow(container.exec('/tmp/attack', attack));
        expect([attack, ran.stdout]).toEqual([attack, expect.stringMatching(/^refused: /)]);
        expect([attack, joined.stdout]).toEqual([attack, expect.stringMatching(/^refused: /)]);
      }
    });
  });

  test('a working directory by a descriptor of the host (CVE-2024-21626)', async () => {
    const usr = openSync('/usr', 'r');
    const by = spawnSync('sh', ['-c', 'cd /proc/self/fd/5 && exec "$0" outside', targetsOf().program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', usr],
    });
    closeSync(usr);
    expect(by.stdout).toBe('reached\n');
    const errnos = { run: new Set<string>(), exec: new Set<string>() };
    await whileOpen('/', async () => {
      await using container = await orThrow(strict(targetsOf()).command('/bin/sleep', '60').start());
      for (let fd = 3; fd < 40; fd += 1) {
        for (const path of [`/proc/self/fd/${String(fd)}`, `/proc/1/fd/${String(fd)}/.`]) {
          const command = ['/tmp/attack', 'outside'] as const;
          for (const [how, result] of [
            [
              'run',
              await strict(targetsOf())
                .workdir(path)
                .command(...command)
                .run(),
            ],
            ['exec', await container.exec({ command, workdir: path })],
          ] as const) {
            const error = result._unsafeUnwrapErr();
            expect([path, how, error]).toMatchObject([path, how, { kind: 'syscall', stepId: 'process.workdir' }]);
            errnos[how].add((error as { readonly errno?: string }).errno ?? '');
          }
        }
      }
    });
    // Some are open there, and not followed: it isn't only that there is nothing.
    expect([...errnos.run]).toContain('ELOOP');
    expect([...errnos.exec]).toContain('ELOOP');
  });
}
