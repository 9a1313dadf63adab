/** The attacks that a hostile process makes from inside, for the lanes of root and of ordinary users. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { container, haco, orThrow, sandbox, type Builder, type Outcome } from '@haco/core';
import { makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';

/** What the attacks aim at: objects of the test, outside of the container. */
export interface Targets extends AsyncDisposable {
  readonly directory: string;
  readonly program: string;
  readonly secret: string;
  /** The same where no list of what to hide would have it. */
  readonly secretElsewhere: string;
  /** A socket there, for everybody. */
  readonly socket: string;
  readonly sibling: ChildProcess;
  readonly abstractName: string;
  readonly port: number;
  /** Abstract name of a socket by which an accomplice hands out a directory of the host. */
  readonly givenName: string;
  /** A file of the host's cgroups by which a process would be let into another group; undefined without such. */
  readonly cgroupFile: string | undefined;
  readonly releaseAgent: string | undefined;
  /** Which the host's cgroup file belongs to: `cgroup2`, or controllers of version 1. */
  readonly hierarchy: string | undefined;
  /** What container() has as its root. */
  readonly rootfs: TestRootfs;
}

function listen(where: Parameters<Server['listen']>[0]): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.end()).listen(where, () => resolve(server));
  });
}

export async function makeTargets(): Promise<Targets> {
  const directory = await makeTemporaryDirectory('attack');
  chmodSync(directory, 0o755);
  const program = join(directory, 'attack');
  const source = fileURLToPath(new URL('./attack.c', import.meta.url));
  const { status, stderr } = spawnSync('gcc', ['-static', '-std=gnu11', '-Os', '-Wall', '-o', program, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const secret = join(directory, 'secret');
  writeFileSync(secret, 'key', { mode: 0o600 });
  const elsewhere = await mkdtemp('/var/tmp/haco-test-attack-');
  chmodSync(elsewhere, 0o755);
  const secretElsewhere = join(elsewhere, 'secret');
  writeFileSync(secretElsewhere, 'key', { mode: 0o600 });
  const socket = join(elsewhere, 'socket');
  const unix = await listen({ path: socket });
  chmodSync(socket, 0o777);
  const sibling = spawn('sleep', ['600'], { stdio: 'ignore' });
  const abstractName = `haco-test-${String(process.pid)}`;
  const abstract = await listen({ path: `\0${abstractName}` });
  const givenName = `haco-test-given-${String(process.pid)}`;
  const accomplice = spawn(program, ['give-directory', givenName], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => accomplice.stdout.once('data', resolve));
  const rootfs = await makeRootfs();
  const tcp = await listen({ port: 0, host: '127.0.0.1' });
  const groups = existsSync('/sys/fs/cgroup/cgroup.procs')
    ? ['/sys/fs/cgroup']
    : readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`);
  const inGroups = (file: string) => groups.map((group) => `${group}/${file}`).find((path) => existsSync(path));
  const cgroupFile = inGroups('cgroup.procs');
  return {
    directory,
    program,
    secret,
    secretElsewhere,
    socket,
    sibling,
    abstractName,
    givenName,
    port: (tcp.address() as AddressInfo).port,
    cgroupFile,
    releaseAgent: inGroups('release_agent'),
    hierarchy: groups.length === 1 ? 'cgroup2' : cgroupFile && basename(dirname(cgroupFile)),
    rootfs,
    [Symbol.asyncDispose]: async () => {
      sibling.kill('SIGKILL');
      accomplice.kill('SIGKILL');
      await Promise.all([abstract, unix, tcp].map((server) => new Promise((resolve) => server.close(resolve))));
      await rm(directory, { recursive: true });
      await rm(elsewhere, { recursive: true });
      await rootfs.remove();
    },
  };
}

/** One attack: the words for the program, and what it is known from. */
export interface Attack {
  readonly name: string;
  readonly words: (targets: Targets) => readonly (string | undefined)[];
  /** A file to be its stdin. */
  readonly stdin?: (targets: Targets) => string;
  /** What succeeds would stay: the undefended one has mounts of its own. */
  readonly mounts?: true;
  /** It takes root to succeed even where nothing is defended. */
  readonly rootOnly?: true;
  /** How a filter ends it, in place of an answer. */
  readonly killed?: true;
}

export const attacks: readonly Attack[] = [
  {
    name: 'type into the terminal, with high bits in the request (CVE-2017-5226, CVE-2019-10063)',
    words: () => ['terminal-input'],
  },
  { name: 'paste by the console, with high bits in the request (CVE-2023-28100)', words: () => ['console-paste'] },
  { name: 'io_uring', words: () => ['io-uring'] },
  { name: 'bpf', words: () => ['kernel-program'], rootOnly: true },
  { name: 'keys of the host (keyctl)', words: () => ['key'] },
  { name: 'userfaultfd', words: () => ['page-faults'] },
  { name: 'a user namespace of its own, and a mount in it', words: () => ['nested'] },
  { name: 'a device node of the memory', words: () => ['device'], rootOnly: true },
  {
    name: 'setns to a namespace of the host',
    words: ({ sibling }) => ['host-namespace', `/proc/${String(sibling.pid)}/ns/uts`],
    rootOnly: true,
  },
  {
    name: 'setns to a namespace of the host by a descriptor that was handed in',
    words: () => ['given-namespace'],
    stdin: ({ sibling }) => `/proc/${String(sibling.pid)}/ns/uts`,
    rootOnly: true,
  },
  { name: 'core_pattern', words: () => ['open-for-writing', '/proc/sys/kernel/core_pattern'], rootOnly: true },
  { name: 'a foreign cgroup', words: ({ cgroupFile }) => ['open-for-writing', cgroupFile], rootOnly: true },
  {
    name: 'cgroups of the host, mounted anew',
    words: ({ hierarchy }) => ['mount-groups', hierarchy],
    mounts: true,
    rootOnly: true,
  },
  {
    name: 'cgroups, mounted read-write again',
    words: ({ cgroupFile }) => ['remount-groups', cgroupFile === undefined ? undefined : dirname(cgroupFile)],
    mounts: true,
    rootOnly: true,
  },
  { name: 'tracing a process outside', words: ({ sibling }) => ['trace', String(sibling.pid)] },
  { name: 'signalling a process outside', words: ({ sibling }) => ['signal', String(sibling.pid)] },
  {
    name: 'the memory of a process outside',
    words: ({ sibling }) => ['open-for-writing', `/proc/${String(sibling.pid)}/mem`],
  },
  {
    name: 'an abstract socket of the host, through which descriptors could go out',
    words: ({ abstractName }) => ['abstract-socket', abstractName],
  },
  {
    name: 'a descriptor of a directory of the host, from an accomplice (SCM_RIGHTS)',
    words: ({ givenName }) => ['take-directory', givenName],
  },
  {
    name: 'a socket in a directory of the host, through which descriptors could go out',
    words: ({ socket }) => ['path-socket', socket],
  },
  { name: 'a service on loopback', words: ({ port }) => ['loopback', String(port)] },
  { name: "a file of the caller's", words: ({ secret }) => ['read-file', secret] },
  {
    name: "a file of the caller's in a directory of no preset",
    words: ({ secretElsewhere }) => ['read-file', secretElsewhere],
  },
  { name: 'system calls of x32', words: () => ['x32'], killed: true },
  { name: 'system calls of i386', words: () => ['i386'], killed: true },
];

/** What only version 1 of cgroups has. */
export const attacksOnCgroup1: readonly Attack[] = [
  {
    name: 'release_agent (CVE-2022-0492)',
    words: ({ releaseAgent }) => ['open-for-writing', releaseAgent],
    rootOnly: true,
  },
];

/** Nothing is defended: the program runs as the caller runs. */
export const weakened = (targets: Targets, { mounts = false } = {}): Builder =>
  (mounts ? haco().unshare('mount') : haco()).command(targets.program);

/** Everything is: one word. */
export const strict = (targets: Targets): Builder =>
  sandbox().mount(targets.program, '/tmp/attack', { readonly: true });

/** The same attacks against a program of an image: docs/presets.md promises to refuse each. */
export const contained = ({ program, rootfs }: Targets): Builder =>
  container().chroot(rootfs.path, { readonly: true }).tmpfs('/tmp').mount(program, '/tmp/attack', { readonly: true });

/** How an attack is met by each preset. */
export const presets = { 'sandbox()': strict, 'container()': contained } as const;

export async function attackIn(builder: Builder, program: string, words: readonly string[]): Promise<Outcome> {
  return orThrow(builder.command(program, ...words).run());
}

/** A program for Node under a terminal of its own, whose stdin the sandbox inherits; prints what the attack says. */
function program(targets: Targets): string {
  const here = JSON.stringify(fileURLToPath(import.meta.resolve('@haco/core')));
  return `import { sandbox, orThrow } from ${here};
    const builder = sandbox().mount(${JSON.stringify(targets.program)}, '/tmp/attack', { readonly: true });
    console.log((await orThrow(builder.stdin('inherit').command('/tmp/attack', 'type-there').run())).stdout);`;
}

/** What the attack on a real terminal says: without a defence, and from a sandbox that inherits the terminal. */
export function onTerminal(targets: Targets): { readonly weak: string; readonly strict: string } {
  const file = join(targets.directory, 'terminal.mts');
  writeFileSync(file, program(targets));
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  const node = `${process.execPath} --conditions=@haco/source --import ${tsx} ${file}`;
  const [weak = '', strict = ''] = [`${targets.program} type-there`, node].map(
    (command) => spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', timeout: 60_000 }).stdout,
  );
  return { weak, strict };
}

/** A descriptor of a directory of the host, open in this process while `run` does. */
export async function whileOpen<T>(path: string, run: () => Promise<T>): Promise<T> {
  const fd = openSync(path, 'r');
  try {
    return await run();
  } finally {
    closeSync(fd);
  }
}
