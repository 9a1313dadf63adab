/** Has a root made by debootstrap or mmdebstrap. */
import { spawn } from 'node:child_process';
import { access, chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type HacoError, PermissionError } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import type { DebootstrapSpec } from '../strategies/debootstrap.js';
import type { PrepareContext } from '../strategy.js';
import { type AptSource, readAptSources } from './apt-sources.js';
import { makeOnce, type Stage } from './stage.js';
import { runTool, type Tool, toolOutput } from './tool.js';
import { defaultLimits, unpack } from './unpack.js';

export function prepareDebootstrap(spec: DebootstrapSpec, context: PrepareContext): ResultAsync<void, HacoError> {
  return makeOnce(spec.target, context, async (stage) => {
    const isRoot = process.geteuid?.() === 0;
    const tool = spec.tool ?? (isRoot ? 'debootstrap' : 'mmdebstrap');
    const mirror = await mirrorFor(spec);
    if (tool === 'mmdebstrap') return runMmdebstrap({ spec, mirror, stage, context, isRoot });
    if (!isRoot) {
      const remedy = 'run as root, or ask for the tool mmdebstrap, which needs a range of subordinate ids only';
      throw new PermissionError({ what: 'run debootstrap', missing: 'it needs root', remedy });
    }
    await openToTools(stage);
    await runTool(await isolated(toolFor(debootstrapCommand(spec, mirror, stage.root), spec, stage, context)));
    await dropPackageCache(stage.root);
  });
}

interface Job {
  readonly spec: DebootstrapSpec;
  readonly mirror: readonly AptSource[];
  readonly stage: Stage;
  readonly context: PrepareContext;
  readonly isRoot: boolean;
}

async function runMmdebstrap({ spec, mirror, stage, context, isRoot }: Job): Promise<void> {
  if (isRoot) {
    await openToTools(stage);
    const command = mmdebstrapCommand(spec, mirror, ['--mode=root', '--format=directory'], stage.root);
    return runTool(await isolated(toolFor(command, spec, stage, context)));
  }
  // Its directories would belong to subordinate ids, which the user can't even remove: take the archive and unpack it.
  const command = mmdebstrapCommand(spec, mirror, ['--mode=unshare', '--format=tar'], '-');
  const tool = { ...toolFor(command, spec, stage, context), gently: true, wrapper: await workingWrapper([dying]) };
  // Its scratch directory is entered by those ids.
  await openToTools(stage);
  await chmod(stage.scratch, 0o1777);
  const output = toolOutput(tool);
  try {
    const input = Readable.from(output);
    const { target } = spec;
    await unpack({ ...context, input, root: stage.root, target, archive: 'mmdebstrap', limits: defaultLimits });
  } finally {
    // A failed pipeline doesn't wait: only when the tool has cleaned up may its scratch directory be removed.
    await output.return();
  }
}

/** The command line, without privileges; pure. */
export function debootstrapCommand(
  spec: DebootstrapSpec,
  [source]: readonly AptSource[],
  root: string,
): Tool['command'] {
  const keyring = spec.keyring ?? source?.keyring;
  return [
    'debootstrap',
    ...(spec.variant === undefined ? [] : [`--variant=${spec.variant}`]),
    ...(spec.arch === undefined ? [] : [`--arch=${spec.arch}`]),
    ...(spec.components === undefined ? [] : [`--components=${spec.components.join(',')}`]),
    ...(spec.include === undefined || spec.include.length === 0 ? [] : [`--include=${spec.include.join(',')}`]),
    ...(keyring === undefined ? [] : [`--keyring=${keyring}`]),
    spec.release,
    root,
    ...(source === undefined ? [] : [source.uri]),
  ];
}

/** The command line; pure. */
export function mmdebstrapCommand(
  spec: DebootstrapSpec,
  sources: readonly AptSource[],
  options: readonly string[],
  output: string,
): Tool['command'] {
  const components = spec.components ?? ['main'];
  const keyrings = [...new Set([spec.keyring ?? sources.map(({ keyring }) => keyring)].flat())];
  return [
    'mmdebstrap',
    ...options,
    ...(spec.variant === undefined ? [] : [`--variant=${spec.variant}`]),
    ...(spec.arch === undefined ? [] : [`--architectures=${spec.arch}`]),
    `--components=${components.join(',')}`,
    ...(spec.include === undefined || spec.include.length === 0 ? [] : [`--include=${spec.include.join(',')}`]),
    ...keyrings.filter((path) => path !== undefined).map((path) => `--keyring=${path}`),
    spec.release,
    output,
    ...sources.map(({ uri, suite }) => `deb ${uri} ${suite} ${components.join(' ')}`),
  ];
}

/** The mirror that was asked for, or the host's sources of that release with its updates; none: the tool decides. */
async function mirrorFor({ mirror, release, components = ['main'] }: DebootstrapSpec): Promise<readonly AptSource[]> {
  if (mirror !== undefined) return [{ uri: mirror, suite: release, components }];
  const usable = (await readAptSources()).filter(
    ({ uri, components: has }) => /^(https?|file):/.test(uri) && components.every((one) => has.includes(one)),
  );
  const main = usable.filter(({ suite }) => suite === release);
  if (main.length === 0) return [];
  const more = [`${release}-updates`, `${release}-security`];
  const sources = [...main.slice(0, 1), ...usable.filter(({ suite }) => more.includes(suite))];
  return Promise.all(sources.map(withExistingKeyring));
}

async function withExistingKeyring({ keyring, ...source }: AptSource): Promise<AptSource> {
  if (keyring === undefined) return source;
  return access(keyring).then(
    () => ({ ...source, keyring }),
    () => source,
  );
}

function toolFor(command: Tool['command'], spec: DebootstrapSpec, stage: Stage, context: PrepareContext): Tool {
  return {
    command,
    package: command[0],
    target: spec.target,
    signal: context.signal,
    onLine: context.onProgress,
    env: { TMPDIR: stage.scratch, DEBIAN_FRONTEND: 'noninteractive' },
  };
}

/** Dies with us, also when we are killed. */
const dying = ['setpriv', '--pdeathsig', 'KILL', '--'];
/** In namespaces of its own: all its processes die with it, and its mounts of /proc and /sys never are the host's. */
const alone = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'];

/** A tool whose processes and mounts end with it, and with us. */
export async function isolated(tool: Tool): Promise<Tool> {
  return { ...tool, wrapper: await workingWrapper([[...dying, ...alone], dying]) };
}

/** The first wrapper that works here: within a container unshare may be forbidden, busybox has its own setpriv. */
async function workingWrapper(wrappers: readonly (readonly string[])[]): Promise<readonly string[]> {
  for (const wrapper of wrappers) {
    const [name = '', ...args] = wrapper;
    const works = await new Promise<boolean>((resolve) => {
      const child = spawn(name, [...args, 'true'], { stdio: 'ignore' });
      child.once('error', () => {
        resolve(false);
      });
      child.once('close', (code) => {
        resolve(code === 0);
      });
    });
    if (works) return wrapper;
  }
  return [];
}

/** apt's download user must be able to walk to the root. */
async function openToTools({ outer }: Stage): Promise<void> {
  await chmod(outer, 0o755);
}

/** debootstrap leaves all packages that it downloaded, some 30 MB. */
async function dropPackageCache(root: string): Promise<void> {
  const directory = join(root, 'var/cache/apt/archives');
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.deb'))) await rm(join(directory, name));
}
