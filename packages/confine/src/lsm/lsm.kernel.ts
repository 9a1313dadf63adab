/** Labels of security modules on the real kernel: the writing by descriptor everywhere, the labels where a module runs. */
import { haco, orThrow } from '@haco/core';
import { flags, syscall, type Part, type Step } from '@haco/plan';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { probeHost } from '@haco/sys';
import { ok } from 'neverthrow';
import { beforeAll, expect, test } from 'vitest';
import { contextOf, hostWith } from '../fixture.js';
import { planLsm } from './plan.js';

const modules = probeHost().confinement?.securityModules ?? [];

describeWith(['root'], 'a label', () => {
  beforeAll(async () => void (await orThrow(haco().command('/bin/true').run())));

  test.each([
    ['apparmor', haco().apparmor('haco-no-such-profile')],
    ['selinux', haco().selinux('haco_u:haco_r:haco_t:s0')],
  ] as const)('that the host cannot give is a typed error: %s', async (module, builder) => {
    const error = (await expectNothingLeft(() => builder.command('/bin/true').run()))._unsafeUnwrapErr();
    if (modules.includes(module)) {
      // The module runs, and knows no such name.
      expect(error).toMatchObject({ kind: 'syscall', stepId: `lsm.${module}`, syscall: 'write' });
    } else {
      expect(error.kind).toBe('unsupported');
      expect(error.message).toContain(`leave ${module}() out`);
    }
  });

  test('that may be left out leaves the rest as it is', async () => {
    const lax = haco().apparmor('unconfined', { degrade: true }).command('/bin/echo', 'ran');
    const { stdout, enforced } = await orThrow(lax.run());
    expect(stdout).toBe('ran\n');
    expect(enforced['apparmor']).toBe(modules.includes('apparmor') ? 'enforced' : 'refused');
  });
});

/** A part that plans a label as if the host ran SELinux, after steps of an attacker. */
function pretending(...attack: readonly Step[]): Part<'pretending', object, object> {
  const host = { ...hostWith({ securityModules: ['selinux'] }), arch: probeHost().arch };
  return {
    key: 'pretending',
    empty: {},
    verbs: {},
    parse: () => ok({}),
    validate: () => [],
    plan: () => [...attack, ...planLsm({ selinux: { label: 'haco_u:haco_r:haco_t:s0' } }, contextOf(host))],
  };
}

describeWith(['root'], 'the file that takes a label', () => {
  const start = (...attack: readonly Step[]) =>
    expectNothingLeft(() =>
      haco({ parts: [pretending(...attack)] })
        .command('/bin/true')
        .run(),
    );

  test('is found, and the kernel itself refuses what no module takes', async () => {
    const result = await start();
    // SELinux without a policy takes any label.
    if (result.isOk()) return;
    expect(result.error).toMatchObject({ kind: 'syscall', stepId: 'lsm.selinux', syscall: 'write', errno: 'EINVAL' });
  });

  test('is never one of another file system in the place of /proc (CVE-2019-16884)', async () => {
    const MS = { MS_REC: 0x4000, MS_PRIVATE: 1 << 18 } as const;
    const result = await start({
      id: 'attack.proc',
      phase: 'prepare',
      label: 'cover /proc in a mount namespace of its own',
      why: 'a fake file would take the label and do nothing',
      from: 'attack',
      operations: [
        syscall('unshare', [flags({ CLONE_NEWNS: 0x20000 }, 'CLONE_NEWNS')]),
        syscall('mount', ['none', '/', 0, flags(MS, 'MS_REC', 'MS_PRIVATE'), 0]),
        syscall('mount', ['fake', '/proc', 'tmpfs', 0, 0]),
      ],
    });
    const error = result._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'syscall', stepId: 'lsm.procfs', errno: 'ESTALE' });
    expect(error.message).toContain('what is mounted on /proc is no procfs');
  });
});
