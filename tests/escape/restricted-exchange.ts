/** What is masked, and where labels are written, while another process exchanges these very paths all the time. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haco, realRuntime, type Builder } from '@haco/core';
import type { HasNamespace } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { expectNothingLeft, parseReport } from '@haco/testkit';
import { expect } from 'vitest';
import { whileExchanging, type Race } from './swapping.js';

/** A virtual machine takes ten times as long for each. */
const starts = process.env['VM_RUN'] === '1' ? 60 : 300;

/** Start many while two paths of the root are exchanged; `each` looks at every one. */
async function startDuring(
  race: Race,
  paths: readonly [string, string],
  victim: Builder,
  each: (result: Awaited<ReturnType<Builder['run']>>) => void,
): Promise<void> {
  const { rootfs } = race;
  const [one, other] = paths.map((path) => rootfs.inside(path));
  const swaps = await whileExchanging(race, [one ?? '', other ?? ''], () =>
    expectNothingLeft(async () => {
      for (let i = 0; i < starts; i++) each(await victim.run());
    }),
  );
  expect(swaps).toBeGreaterThan(1000);
}

/**
 * Start many containers that mask a directory, or a file, which is exchanged with a link to one outside; the root has something at
 * that path, too. A start that goes well has its mask, in the root: one that landed outside would be gone with the old root.
 *
 * @param weak - runs a script of the weakened way, which mounts by name; it knows `$root` and `$outside`
 */
export async function maskAmongExchanges(
  race: Race,
  weak: (script: string) => string,
  base: Builder & HasNamespace<'mount'>,
): Promise<void> {
  const { rootfs, outside } = race;
  const report = [rootfs.probe, 'report', 'mounts'] as const;
  for (const path of ['/masked/directory', outside]) mkdirSync(rootfs.inside(path), { recursive: true });
  for (const path of ['/masked/file', join(outside, 'canary')]) writeFileSync(rootfs.inside(path), 'inside\n');
  symlinkSync(outside, rootfs.inside('/masked/to-directory'));
  symlinkSync(join(outside, 'canary'), rootfs.inside('/masked/to-file'));
  // By name, what the link names on the host is masked.
  expect(weak('mount --bind /dev/null $root/masked/to-file; wc -c <$outside/canary')).toBe('0');

  for (const [path, link, elsewhere, type] of [
    ['/masked/directory', '/masked/to-directory', outside, 'tmpfs'],
    ['/masked/file', '/masked/to-file', join(outside, 'canary'), 'devtmpfs'],
  ] as const) {
    const seen = { masked: 0, elsewhere: 0, refused: 0 };
    const victim = base
      .independent('procfs')
      .mask(path)
      .command(...report);
    await startDuring(race, [path, link], victim, (result) => {
      if (result.isErr()) {
        expect(result.error).toMatchObject({ kind: 'syscall' });
        expect('errno' in result.error ? result.error.errno : '').toMatch(/^(ESTALE|EAGAIN|ENOTDIR|ENOENT)$/);
        seen.refused += 1;
        return;
      }
      const { mounts } = parseReport(['mounts'], result.value.stdout).mounts;
      const masks = mounts.filter(({ target }) => target !== '/' && target !== '/proc');
      expect(masks).toMatchObject([{ type }]);
      expect([path, link, elsewhere]).toContain(masks[0]?.target);
      seen[masks[0]?.target === elsewhere ? 'elsewhere' : 'masked'] += 1;
    });
    expect(Math.min(seen.masked, seen.elsewhere), JSON.stringify(seen)).toBeGreaterThan(0);
    expect(readdirSync(outside)).toEqual(['canary']);
    expect(readFileSync(join(outside, 'canary'), 'utf8')).toBe('host\n');
  }
}

/**
 * Start many containers with a label, as if the host ran SELinux, whose `/proc` is exchanged with a directory that has a file for it:
 * the label goes to the kernel or nowhere.
 *
 * @param weak - runs a script of the weakened way, which enters the root first
 */
export async function labelAmongExchanges(race: Race, weak: (script: string) => string): Promise<void> {
  const { rootfs } = race;
  const fakes = ['self', 'thread-self'].flatMap((name) => {
    mkdirSync(rootfs.inside(`/fake/${name}/attr`), { recursive: true });
    return ['exec', 'current'].map((file) => rootfs.inside(`/fake/${name}/attr/${file}`));
  });
  const empty = (): void => {
    for (const fake of fakes) writeFileSync(fake, '');
  };
  empty();
  mkdirSync(rootfs.inside('/proc'), { recursive: true });
  const label = 'haco_u:haco_r:haco_t:s0';
  const write = `chroot $root sh -c 'printf ${label} >/proc/thread-self/attr/exec'`;
  expect(weak(`mount -t proc proc $root/proc && mount --bind $root/fake $root/proc && ${write}`)).toBe('');
  expect(fakes.map((fake) => readFileSync(fake, 'utf8'))).toContain(label);
  empty();

  const host = probeHost();
  const { confinement } = host;
  if (confinement === undefined) throw new Error('the facts of the host say nothing of confinement');
  const runtime = {
    ...realRuntime,
    host: () => ({ ...host, confinement: { ...confinement, securityModules: ['selinux'] } }),
  };
  const entering = haco({ runtime }).unshare('mount', 'pid').chroot(rootfs.path).selinux(label);
  const seen = { kernel: 0, refused: 0 };
  // Without a procfs of its own, the one of the root is all that the container has.
  for (const victim of [entering, entering.independent('procfs')]) {
    await startDuring(race, ['/proc', '/fake'], victim.command('/bin/true'), (result) => {
      // SELinux without a policy takes any label; another kernel refuses it by itself.
      const asked = result.isOk() || ('stepId' in result.error && result.error.stepId === 'lsm.selinux');
      const refusal = { kind: 'syscall', ...(asked ? { syscall: 'write', errno: 'EINVAL' } : {}) };
      if (result.isErr()) expect(result.error).toMatchObject(refusal);
      seen[asked ? 'kernel' : 'refused'] += 1;
    });
  }
  expect(seen.kernel, JSON.stringify(seen)).toBeGreaterThan(0);
  const written = ['/proc', '/fake'].flatMap((top) =>
    ['self', 'thread-self'].flatMap((name) =>
      ['exec', 'current'].map((file) => rootfs.inside(`${top}/${name}/attr/${file}`)),
    ),
  );
  // One of both has them.
  expect(written.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))).toEqual([
    '',
    '',
    '',
    '',
  ]);
}
