/** For tests: podman with haco-oci as its runtime, a storage of its own, and an image with a shell in it. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeRootfs, runCommand, type Finished } from '@haco/testkit';

/** What it needs on the host. */
export const podmanNeeds = ['tool:podman', 'tool:conmon', 'tool:tar'] as const;

/** Its image. */
export const podmanImage = 'localhost/bb:1';

/** Below the limits of any machine, where its own defaults may be above; both alike: podman 4.3 mistakes one for the other in pods. */
const limits = 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]';

export type Podman = (...args: readonly string[]) => Promise<Finished>;

/** Whose podman it is, where it isn't root's. */
export interface PodmanUser {
  /** A command line that runs another as that user. */
  readonly wrap: (command: readonly string[]) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const root: PodmanUser = { wrap: (command) => command, env: {} };

/** Nothing of the machine's own podman: storage, state, locks and configuration are in the directory. */
export async function makePodman(directory: string, runtime: string, user: PodmanUser = root): Promise<Podman> {
  // What keeps the namespaces of a pod, which is a program of a package of its own elsewhere.
  const engine = 'infra_image = "localhost/pause:1"\nruntime_supports_nocgroup = ["haco-oci"]';
  const conf = `[containers]\n${limits}\n[engine]\n${engine}\n`;
  await writeFile(join(directory, 'containers.conf'), conf);
  // Short: of the second, podman takes 50 characters.
  const where = ['root', 'runroot', 'tmpdir'].map((name) => `--${name}=${join(directory, name)}`);
  const how = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  // It looks for CRIU in the PATH, and at its version.
  const criu = process.env['HACO_CRIU'] ?? '';
  const path = criu.includes('/') ? `${dirname(criu)}:${process.env['PATH'] ?? ''}` : process.env['PATH'];
  const env = { ...process.env, PATH: path, CONTAINERS_CONF: join(directory, 'containers.conf'), ...user.env };
  const podman: Podman = (...args) =>
    runCommand(user.wrap(['podman', ...where, ...how, '--runtime', runtime, ...args]), { env });
  await using rootfs = await makeRootfs({ shell: true });
  const tar = join(directory, 'image.tar');
  await runCommand(['tar', '-C', rootfs.path, '-cf', tar, '.']);
  // SIGKILL: as first process, it would let all others pass.
  const pause = ['ENTRYPOINT ["/bin/sleep","1000"]', 'STOPSIGNAL SIGKILL'].map((one) => `--change=${one}`);
  for (const args of [
    [tar, podmanImage],
    [...pause, tar, 'localhost/pause:1'],
  ]) {
    const imported = await podman('import', ...args);
    if (imported.exitCode !== 0) throw new Error(`podman import: ${imported.stderr}`);
  }
  return podman;
}
