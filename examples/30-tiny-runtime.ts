/** A tiny runc on the lower packages alone: it reads an OCI bundle, writes its plan as system calls, and has the launcher perform it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { namespaceTable } from '@haco/namespaces';
import { flags, orThrow, syscall, type Operation, type Phase, type Step } from '@haco/plan';
import { encodePlan, launch, wireOrder } from '@haco/sys';

/** What this runtime understands of a config.json. */
interface Config {
  readonly hostname: string;
  readonly root: { readonly path: string };
  readonly process: { readonly args: readonly string[]; readonly env: readonly string[]; readonly cwd: string };
  readonly mounts: readonly { readonly destination: string; readonly type: string; readonly source: string }[];
  readonly linux: { readonly namespaces: readonly { readonly type: 'pid' | 'uts' | 'ipc' | 'mount' }[] };
}

const MS = { MS_BIND: 4096, MS_REC: 16384, MS_PRIVATE: 1 << 18, MS_NOSUID: 2, MS_NODEV: 4 } as const;
const MNT_DETACH = 2;
const NEW = Object.fromEntries(Object.values(namespaceTable).map(({ flag, value }) => [flag, value]));

/** The plan: pure data, which can be printed, kept and compared before anything happens. */
function planBundle(bundle: string, { hostname, root, process, mounts, linux }: Config): readonly Step[] {
  const rootfs = resolve(bundle, root.path);
  const step = (phase: Phase, label: string, why: string, operations: readonly Operation[]): Step => ({
    id: `tiny.${label.replaceAll(' ', '-')}`,
    ...{ phase, label, why, from: 'config.json', operations },
  });
  const bind = flags(MS, 'MS_BIND', 'MS_REC');
  const kinds = linux.namespaces.map(({ type }) => namespaceTable[type].flag);
  return [
    step('clone', `create ${linux.namespaces.map(({ type }) => type).join(', ')}`, 'they are its own', [
      { op: 'clone', flags: flags(NEW, ...kinds) },
    ]),
    step('mounts', 'cut off the host', 'mounts in here must not show outside', [
      syscall('mount', [0, '/', 0, flags(MS, 'MS_REC', 'MS_PRIVATE'), 0]),
      syscall('mount', [rootfs, rootfs, 0, bind, 0]),
    ]),
    ...mounts.map(({ destination, type, source }) =>
      // The bundle is ours; of a stranger's, the target would be opened in-root first, as haco's own plans do.
      step('mounts', `mount ${destination}`, 'config.json says so', [
        type === 'bind'
          ? syscall('mount', [source, `${rootfs}${destination}`, 0, bind, 0])
          : syscall('mount', [source, `${rootfs}${destination}`, type, flags(MS, 'MS_NOSUID', 'MS_NODEV'), 0]),
      ]),
    ),
    step('root', 'enter the root', 'from here on no path of the host exists', [
      syscall('chdir', [rootfs]),
      syscall('pivot_root', ['.', '.']),
      syscall('umount2', ['.', MNT_DETACH]),
      syscall('chdir', [process.cwd]),
    ]),
    step('session', 'name the host', 'config.json says so', [
      syscall('sethostname', [hostname, Buffer.byteLength(hostname)]),
    ]),
    step('handover', 'close what is open', 'a descriptor of the host would be a way out', [
      syscall('close_range', [3, 0xffff_ffff, 0]),
    ]),
    step('exec', `execute ${process.args[0] ?? ''}`, 'the command', [
      syscall('execve', [process.args[0] ?? '', { strings: process.args }, { strings: process.env }]),
    ]),
  ];
}

/** Perform it: the exit code, or one sentence about the system call that failed. */
async function run(bundle: string): Promise<number | string> {
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as Config;
  const steps = wireOrder(planBundle(bundle, config));
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const encoded = encodePlan(steps, { arch, callerPid: process.pid, dieWithCaller: true, notify: true, fds: [] });
  const launched = orThrow(launch({ encoded, stdio: [0, 1, 2] }));
  const started = await launched.started;
  return started.isErr() ? started.error.error.message : ((await launched.ended).exitCode ?? 'a signal ended it');
}

// A bundle whose root has the host's programs.
const bundle = mkdtempSync(join(tmpdir(), 'haco-example-'));
const rootfs = join(bundle, 'rootfs');
const programs = ['/bin', '/lib', '/lib64', '/usr'].filter((path) => existsSync(path));
for (const path of [...programs, '/proc']) mkdirSync(`${rootfs}${path}`, { recursive: true });
const config: Config = {
  hostname: 'tiny',
  root: { path: 'rootfs' },
  process: {
    args: ['/bin/sh', '-c', 'echo "process $$ on $(hostname)"; ls -d /proc; exit 7'],
    env: ['PATH=/usr/bin:/bin'],
    cwd: '/',
  },
  mounts: [
    ...programs.map((path) => ({ destination: path, type: 'bind', source: path })),
    { destination: '/proc', type: 'proc', source: 'proc' },
  ],
  linux: { namespaces: [{ type: 'pid' }, { type: 'uts' }, { type: 'mount' }] },
};
const write = (changed: object): void =>
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...config, ...changed }));
write({});
console.log(`ended with ${String(await run(bundle))}`);
write({ mounts: [{ destination: '/nowhere', type: 'proc', source: 'proc' }] });
console.log(await run(bundle));
rmSync(bundle, { recursive: true });
