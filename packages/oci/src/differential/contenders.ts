/** The runtimes that get each case, one after the other: each with a bundle and a root of its own, all with the same configuration. */
import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { chmod, chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRootfs, makeTemporaryDirectory, runCommand, type TestRootfs } from '@haco/testkit';
import { type Case } from './case.js';
import { infinity } from './cases/process.js';
import { type Run } from './observe.js';

export interface Contender {
  readonly name: string;
  readonly rootfs: string;
  readonly run: (one: Case) => Promise<Run>;
  readonly remove: () => Promise<void>;
}

/** What cases find in the root. */
async function furnish(rootfs: TestRootfs): Promise<void> {
  await writeFile(rootfs.inside('/data.txt'), 'some text', { mode: 0o644 });
  await symlink('/tmp', rootfs.inside('/link'));
  await symlink('/../../..', rootfs.inside('/up'));
  // As in an image of Alpine: a link that reaches the root by "..".
  await mkdir(rootfs.inside('/var'));
  await symlink('../run', rootfs.inside('/var/run'));
  await mkdir(rootfs.inside('/run/app'));
  await writeFile(rootfs.inside('/run/app/file'), 'of the image');
  await mkdir(rootfs.inside('/filled/below'), { recursive: true });
  await writeFile(rootfs.inside('/filled/file'), 'copied', { mode: 0o640 });
  await chown(rootfs.inside('/filled/file'), 5, 6);
  await writeFile(rootfs.inside('/filled/below/deep'), 'deep');
  await chmod(rootfs.inside('/filled/below/deep'), 0o4755);
  await chmod(rootfs.inside('/filled'), 0o751);
  await symlink('file', rootfs.inside('/filled/link'));
}

/** The same text for all of them, but for the path of the root. */
function textOf({ config }: Case, rootfs: string): string {
  const { root, ...rest } = config as { readonly root?: object };
  const whole = { ...rest, ...(root === undefined ? {} : { root: { path: rootfs, ...root } }) };
  // No number of JavaScript is this one.
  return JSON.stringify(whole).replaceAll(`"${infinity}"`, '18446744073709551615');
}

/** A runtime that refuses may leave its group; the next one needs its place. */
function removeGroups(group: string): void {
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    try {
      rmdirSync(join('/sys/fs/cgroup', hierarchy, group));
    } catch {
      // It isn't there, as it should be.
    }
  }
}

/** @param command - what comes before `run --bundle …` */
export async function makeContender(name: string, command: readonly string[], group: string): Promise<Contender> {
  const rootfs = await makeRootfs({
    files: { '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nsomebody:x:1234:5::/home/somebody:/bin/sh\n' },
  });
  await furnish(rootfs);
  const bundle = await makeTemporaryDirectory(`differential-${name}`);
  const state = await makeTemporaryDirectory(`differential-${name}-state`);
  let count = 0;
  return {
    name,
    rootfs: rootfs.path,
    run: async (one) => {
      removeGroups(group);
      writeFileSync(join(bundle, 'config.json'), textOf(one, rootfs.path));
      const id = `differential-${String(process.pid)}-${String((count += 1))}`;
      return runCommand([...command, '--root', state, 'run', '--bundle', bundle, id], { timeoutMs: 15_000 });
    },
    remove: async () => {
      await rootfs.remove();
      await rm(bundle, { recursive: true, force: true });
      await rm(state, { recursive: true, force: true });
    },
  };
}
