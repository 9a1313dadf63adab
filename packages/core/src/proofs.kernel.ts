/** The proofs that a path is restricted: a mount that went elsewhere between its step and its proof ends the start. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  flags,
  openat2,
  openFlags,
  slot,
  syscall,
  type AnyPart,
  type HasNamespace,
  type Operation,
  type Step,
} from '@haco/plan';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { makeBuilder, type Builder } from './builder.js';
import { warmUp } from './fixture.js';
import { emptySpec } from './haco.js';
import { orThrow } from './index.js';
import { builtInParts } from './parts.js';
import { realRuntime } from './runtime.js';

let rootfs: TestRootfs;

/** A builder of a container with mounts of its own. */
type Mounting = Builder & HasNamespace<'mount'>;

const moveFlags = { MOVE_MOUNT_F_EMPTY_PATH: 4, MOVE_MOUNT_T_EMPTY_PATH: 0x40 } as const;

function find(path: string, save: string): Operation {
  const open = flags(openFlags(probeHost().arch), 'O_PATH', 'O_CLOEXEC');
  return openat2(slot('root'), path, { open, resolve: ['RESOLVE_IN_ROOT'] }, { save });
}

/** What is mounted at one path is at the other, as after an exchange of directories (CVE-2025-52881). */
function moveAway(from: string, to: string): Step {
  return {
    id: 'attack.move',
    phase: 'mounts',
    label: `move what is mounted on ${from} to ${to}`,
    why: 'whoever can write to the root may be in time for that',
    from: 'attack',
    operations: [
      find(from, 'attack.from'),
      find(to, 'attack.to'),
      syscall('move_mount', [
        slot('attack.from'),
        '',
        slot('attack.to'),
        '',
        flags(moveFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
      ]),
    ],
  };
}

/** haco(), with other steps than the part `mounts` plans: no part of a third party could get between these. */
function withMountSteps(change: (steps: readonly Step[]) => readonly Step[]): Builder {
  const parts = builtInParts.map((part): AnyPart =>
    part.key === 'mounts' ? { ...part, plan: (section, context) => change(part.plan(section, context)) } : part,
  );
  return makeBuilder(parts, emptySpec(parts), realRuntime);
}

const asPlanned = () => withMountSteps((steps) => steps);
const attackedAfter = (id: string, attack: Step) =>
  withMountSteps((steps) => steps.flatMap((step) => (step.id === id ? [step, attack] : [step])));
const withoutProof = (id: string, proof: string, attack: Step) =>
  withMountSteps((steps) =>
    steps.flatMap((step) => (step.id === id ? [step, attack] : step.id === proof ? [] : [step])),
  );

/** Mask or read-only path, the step that makes it, its proof, and what tells whether it holds. */
const restrictions = [
  {
    name: 'a masked file',
    restrict: (builder: Mounting) => builder.mask('/secret/key'),
    step: 'mounts.mask',
    proof: 'mounts.masked',
    attack: moveAway('/secret/key', '/secret/other'),
    script: 'cat /secret/key',
    open: 'secret\n',
    refusal: { errno: 'ESTALE', call: expect.stringContaining('the inode of the null device') as string },
  },
  {
    name: 'a masked directory',
    restrict: (builder: Mounting) => builder.mask('/secret'),
    step: 'mounts.mask',
    proof: 'mounts.masked',
    attack: moveAway('/secret', '/elsewhere'),
    script: 'cat /secret/key',
    open: 'secret\n',
    refusal: { errno: 'ESTALE', call: expect.stringContaining('the inode of the empty directory') as string },
  },
  {
    name: 'a read-only path',
    restrict: (builder: Mounting) => builder.readonlyPaths('/data'),
    step: 'mounts.readonly-paths',
    proof: 'mounts.readonly-proof',
    attack: moveAway('/data', '/elsewhere'),
    script: 'echo written >/data/file && cat /data/file',
    open: 'written\n',
    // Success, where a refusal was demanded.
    refusal: {
      errno: 'EIO',
      syscall: 'faccessat2',
      message: expect.stringContaining('the mount went elsewhere') as string,
    },
  },
] as const;

describeWith(['root', 'probe', 'busybox'], 'the proof of', () => {
  beforeAll(async () => {
    await warmUp();
    const files = { '/secret/key': 'secret\n', '/secret/other': '', '/elsewhere/x': '', '/data/file': '' };
    rootfs = await makeRootfs({ shell: true, files });
  });
  afterAll(() => rootfs.remove());

  test.each(restrictions)('$name', async ({ restrict, step, proof, attack, script, open, refusal }) => {
    const attempt = (builder: Builder) =>
      expectNothingLeft(() =>
        restrict(builder.unshare('mount', 'pid').chroot(rootfs.path)).command('/bin/sh', '-c', script).run(),
      );
    expect(orThrow(await attempt(asPlanned())).stdout).toBe('');
    // Nothing else would notice.
    expect(orThrow(await attempt(withoutProof(step, proof, attack))).stdout).toBe(open);
    const error = (await attempt(attackedAfter(step, attack)))._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'syscall', stepId: proof, ...refusal });
  });
});
