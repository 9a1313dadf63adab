/** What the kernel may say to each call that makes the file tree: a start fails with that step, that call and a remedy, and leaves nothing. */
import { mkdirSync } from 'node:fs';
import { haco, orThrow, type Builder, type HacoError } from '@haco/core';
import { hintFor } from '@haco/sys';
import { describeWith, expectNothingLeft, makeRootfs, straceWhile, type Fault, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const calls = [
  'mount', 'open_tree', 'fsopen', 'fsconfig', 'fsmount', 'openat2', 'mount_setattr', 'move_mount', 'pivot_root', 'umount2', 'chroot',
] as const; // prettier-ignore

let rootfs: TestRootfs;

/** The first call of each name is one that no errno is foreseen for. */
const small = (mode: 'pivot_root' | 'chroot') =>
  haco()
    .unshare('mount', 'pid')
    .chroot(rootfs.path, { mode })
    .mount('/usr', '/mnt', { readonly: true })
    .independent('procfs');

/** With every kind of step that mounts something. */
const full = () =>
  haco()
    .unshare('mount', 'pid', 'ipc')
    .chroot(rootfs.path, { overlay: true })
    .independent('procfs', 'dev')
    .tmpfs('/tmp')
    .mount('/usr', '/mnt', { readonly: true })
    .file('/etc/motd', 'hello')
    .mask('/secret')
    .readonlyPaths('/bin');

/** How a start ends in which one call fails, and the calls that it made; nothing is left of it. */
async function startWith(builder: Builder, fault?: Fault) {
  const traced = () =>
    straceWhile(process.pid, async () => await builder.command('/bin/true').run(), {
      syscalls: calls,
      ...(fault === undefined ? {} : { fault }),
    });
  const { value, calls: seen } = await expectNothingLeft(traced);
  return { error: value.isErr() ? value.error : undefined, seen };
}

/** What is wrong with an error. */
function flaws(error: HacoError | undefined, builder: Builder, { syscall, errno }: Fault): readonly string[] {
  if (error?.kind !== 'syscall') return [error === undefined ? 'it started' : `it is ${error.kind}: ${error.message}`];
  const step = orThrow(builder.command('/bin/true').explain()).steps.find(({ id }) => id === error.stepId);
  const told = { step: step?.label, syscall, errno, from: step?.from, hint: hintFor(syscall, errno, error.stepId) };
  const wrong = Object.entries(told).filter(([field, value]) => error[field as keyof typeof told] !== value);
  const unsaid = [error.step, error.call, errno, error.hint].filter((part) => !error.message.includes(part));
  return [...wrong.map(([field]) => `${field} is ${error[field as keyof typeof told]}`), ...unsaid];
}

describeWith(['root', 'probe', 'busybox', 'overlay', 'strace', 'kernel:5.12'], 'a call that fails', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true, files: { '/secret': '', '/etc/motd': '' } });
    for (const path of ['/mnt', '/proc', '/dev', '/tmp']) mkdirSync(rootfs.inside(path), { recursive: true });
    // What Node opens once, and the facts of the host.
    for (const builder of [full(), small('chroot')]) await orThrow(builder.command('/bin/true').run());
  });
  afterAll(() => rootfs.remove());

  test.each(calls)('%s, whatever the errno', { timeout: 120_000 }, async (syscall) => {
    const builder = small(syscall === 'chroot' ? 'chroot' : 'pivot_root');
    for (const errno of ['EPERM', 'EINVAL', 'ENOENT', 'EBUSY', 'ENOSPC', 'EROFS', 'ENODEV', 'ELOOP', 'ENOSYS']) {
      const fault = { syscall, errno, at: 1 };
      const { error } = await startWith(builder, fault);
      expect([errno, ...flaws(error, builder, fault)], error?.message).toEqual([errno]);
    }
  });

  test.each(['EPERM', 'EBUSY', 'ENOSPC'])('each call of a full tree, by %s', { timeout: 300_000 }, async (errno) => {
    const { error: none, seen } = await startWith(full());
    expect(none).toBeUndefined();
    const faults = calls.flatMap((syscall) =>
      seen.filter(({ name }) => name === syscall).map((_, index) => ({ syscall, errno, at: index + 1 })),
    );
    expect(faults.length).toBeGreaterThan(50);
    for (const fault of faults) {
      const { error } = await startWith(full(), fault);
      expect([fault, ...flaws(error, full(), fault)], error?.message).toEqual([fault]);
    }
  });

  test('a root that is missing is told so, and nothing else that is missing while it is made', async () => {
    const missing = { kind: 'not-found', what: 'rootfs', subject: rootfs.path };
    const told = async (builder: Builder, syscall: string, at = 1) =>
      (await startWith(builder, { syscall, errno: 'ENOENT', at })).error;
    const chroot = haco().unshare('mount', 'pid').chroot(rootfs.path);
    expect(await told(chroot, 'open_tree')).toMatchObject(missing);
    expect(await told(full(), 'mount', 2)).toMatchObject(missing);
    expect(await told(chroot, 'move_mount')).toMatchObject({ kind: 'syscall', stepId: 'mounts.root', errno: 'ENOENT' });
  });
});
