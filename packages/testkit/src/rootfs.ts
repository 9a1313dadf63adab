/** Makes a throw-away root filesystem that contains the probe and, when asked, a shell. */
import { chmod, copyFile, link, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mountsBelow, readMounts } from './mountinfo.js';
import { probeInRootfs, probePath } from './probe.js';
import { findProgram } from './find-program.js';
import { runCommand } from './run-command.js';
import { makeTemporaryDirectory } from './temporary.js';

const directories: readonly (readonly [name: string, mode: number])[] = [
  ['bin', 0o755],
  ['dev', 0o755],
  ['etc', 0o755],
  ['mnt', 0o755],
  ['proc', 0o555],
  ['root', 0o700],
  ['run', 0o755],
  ['sys', 0o555],
  ['tmp', 0o1777],
  ['usr', 0o755],
];

const applets = [
  'sh', 'ls', 'ps', 'hostname', 'mount', 'umount', 'cat', 'id', 'sleep', 'true', 'false', 'echo', 'stty', 'env', 'kill',
  'mkdir', 'rm', 'touch', 'head', 'wc', 'grep', 'test', 'pwd', 'ip', 'ping', 'wget', 'nc', 'chmod', 'chown', 'ln', 'mknod',
]; // prettier-ignore

export interface RootfsOptions {
  /** Also busybox, with `sh` and the usual small programs. */
  readonly shell?: boolean;
  /** Path inside → text. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface TestRootfs extends AsyncDisposable {
  /** Absolute host path without symbolic links. */
  readonly path: string;
  /** Path of the probe inside. */
  readonly probe: typeof probeInRootfs;
  /** The host path of a path inside. */
  readonly inside: (path: string) => string;
  /** Takes it away; does nothing the second time. Rejects, after removal, when something was still mounted in it. */
  readonly remove: () => Promise<void>;
}

/**
 * @example
 * await using rootfs = await makeRootfs({ shell: true });
 */
export async function makeRootfs({ shell = false, files = {} }: RootfsOptions = {}): Promise<TestRootfs> {
  const probe = probePath();
  const busybox = shell ? requireBusybox() : '';
  const path = await makeTemporaryDirectory('rootfs');
  const remove = () => removeRootfs(path);
  const inside = (name: string) => join(path, name);
  try {
    // mkdtemp makes 0700, which keeps out the ordinary users that tests run as.
    await chmod(path, 0o755);
    for (const [name, mode] of directories) {
      await mkdir(inside(name));
      await chmod(inside(name), mode);
    }
    // A copy, never a link: a container that writes to it must not change the probe of the next test.
    await copyFile(probe, inside(probeInRootfs));
    if (shell) await addShell(busybox, inside);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(inside(name)), { recursive: true });
      await writeFile(inside(name), text);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, probe: probeInRootfs, inside, remove, [Symbol.asyncDispose]: remove };
}

function requireBusybox(): string {
  const found = findProgram('busybox');
  if (found !== undefined) return found;
  throw new Error('A root filesystem with a shell needs busybox; install it with "apt-get install busybox-static".');
}

async function addShell(busybox: string, inside: (name: string) => string): Promise<void> {
  const own = inside('/bin/busybox');
  await copyFile(busybox, own);
  await chmod(own, 0o755);
  for (const name of applets) await link(own, inside(`/bin/${name}`));
}

// A forgotten bind mount in here may lead to the host's own files: nothing is deleted before the last mount is gone.
async function removeRootfs(path: string): Promise<void> {
  const left = mountsBelow(path, readMounts());
  for (const { target } of left) await runCommand(['umount', '--lazy', '--no-canonicalize', target]);
  const stuck = mountsBelow(path, readMounts());
  if (stuck.length > 0) {
    throw new Error(`${path} isn't removed: ${list(stuck)} is still mounted there and umount couldn't change that.`);
  }
  await rm(path, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`The test left mounts in its root filesystem: ${list(left)}.`);
}

const list = (mounts: readonly { readonly target: string; readonly type: string }[]) =>
  mounts.map(({ target, type }) => `${target} (${type})`).join(', ');
