/** The race for a mount's target: a directory of the root that is exchanged with a link out of it, all the time. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Builder } from '@haco/core';
import type { HasNamespace } from '@haco/plan';
import { expectNothingLeft, parseReport, type TestRootfs } from '@haco/testkit';
import { expect } from 'vitest';

/** What the race is about. */
export interface Race {
  /** With `/a/dir/target/x`. */
  readonly rootfs: TestRootfs;
  /** A directory of the host with a file `canary` that says `host`. */
  readonly outside: string;
  /** Where programs are compiled to. */
  readonly tools: string;
}

function compile({ tools }: Race, name: string): string {
  const source = fileURLToPath(new URL(`./${name}.c`, import.meta.url));
  const output = join(tools, name);
  const { status, stderr } = spawnSync('gcc', ['-O1', '-Wall', '-Werror', '-o', output, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return output;
}

/** Run while an attacker exchanges two paths; how often it did. */
export async function whileExchanging(
  race: Race,
  paths: readonly [string, string],
  work: () => Promise<void>,
): Promise<number> {
  const attacker = spawn(compile(race, 'swap'), [...paths], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  attacker.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise((resolve) => attacker.on('close', resolve));
  try {
    await work();
  } finally {
    attacker.stdin.end();
    await ended;
  }
  return Number(said);
}

/** Run while a directory and a link out of the root are exchanged. */
function whileSwapping(race: Race, work: () => Promise<void>): Promise<number> {
  const { rootfs, outside } = race;
  mkdirSync(join(outside, 'target'));
  symlinkSync(outside, rootfs.inside('/a/link'));
  return whileExchanging(race, [rootfs.inside('/a/dir'), rootfs.inside('/a/link')], work);
}

/** The weakened way: a program that checks the path, and then mounts by name. What it says; `command` runs it. */
export async function mountByName(race: Race, command: readonly string[] = []): Promise<string> {
  const { rootfs, outside } = race;
  const [file = '', ...args] = [...command, compile(race, 'string-mount')];
  let answer = '';
  await whileSwapping(race, async () => {
    const mounter = spawn(file, [...args, rootfs.inside('/a/dir/target'), join(outside, 'target'), rootfs.path]);
    mounter.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await new Promise((resolve) => mounter.on('close', resolve));
  });
  return answer;
}

/** Start containers of a builder during a hundred thousand exchanges: none of their mounts may be outside. */
export async function attackBySwapping(race: Race, base: Builder & HasNamespace<'mount'>): Promise<void> {
  const { rootfs, outside } = race;
  const report = [rootfs.probe, 'report', 'mounts'] as const;
  const empty = base.independent('procfs');
  const mounted = empty.tmpfs('/a/dir/target').mount(rootfs.inside('/bin'), '/a/link/target');
  // What needs several things to be as they were is seldom met; that it is refused then shows nothing of the others.
  const victims = [
    mounted.mask('/a/dir/target', '/a/link/target').readonlyPaths('/a/dir', '/a/link'),
    mounted,
    empty.tmpfs('/a/dir/target'),
    empty.mount(rootfs.inside('/bin'), '/a/dir/target'),
    empty.mask('/a/dir/target'),
    empty.readonlyPaths('/a/dir/target'),
  ].map((victim) => victim.command(...report));
  const seen = { mounted: 0, refused: 0 };
  let swaps = 0;
  const round = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) {
      const victim = victims[i % victims.length];
      if (victim === undefined) continue;
      const result = await victim.run();
      if (result.isErr()) {
        const { error } = result;
        // The link leads to a path that the root doesn't have, or the walk was disturbed, or what was found was another.
        expect(error).toMatchObject({ kind: 'syscall' });
        expect('errno' in error ? error.errno : '').toMatch(/^(ENOENT|EAGAIN|EXDEV|ENOTDIR|ESTALE|EIO)$/);
        seen.refused++;
        continue;
      }
      seen.mounted++;
      const targets = parseReport(['mounts'], result.value.stdout).mounts.mounts.map(({ target }) => target);
      for (const target of targets) expect(target).toMatch(/^\/(proc|a|a\/(dir|link)(\/target)?)?$/);
    }
  };
  await expectNothingLeft(async () => {
    // Some starts must have found the directory, or nothing would be shown.
    while (swaps < 100_000 || seen.mounted === 0) {
      swaps += await whileSwapping(race, round);
      rmSync(join(outside, 'target'), { recursive: true });
      const link = lstatSync(rootfs.inside('/a/link')).isSymbolicLink() ? '/a/link' : '/a/dir';
      rmSync(rootfs.inside(link));
      if (link === '/a/dir') spawnSync('mv', [rootfs.inside('/a/link'), rootfs.inside('/a/dir')]);
    }
  });
  expect(seen.refused).toBeGreaterThan(0);
  expect(readdirSync(outside)).toEqual(['canary']);
  expect(readFileSync(join(outside, 'canary'), 'utf8')).toBe('host\n');
  expect(existsSync(rootfs.inside('/a/dir/target'))).toBe(true);
}
