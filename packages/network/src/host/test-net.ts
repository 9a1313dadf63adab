/** Namespaces for tests of networks: this thread becomes a host of its own, with a world outside. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { closeForkServer, rawSyscall, syscallNumbers } from '@haco/sys';
import { runCommand } from '@haco/testkit';

const CLONE_NEWNET = 0x4000_0000;
const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];

function must(result: number, what: string): void {
  if (result !== 0) throw new Error(`${what}: errno ${String(-result)}`);
}

/** Run a program of this thread's network; gives its output. */
export function sh(script: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

/** What is published or reached in these tests. */
export const world = { v4: '198.51.100.2', v6: '2001:db8:1::2', host4: '198.51.100.1', host6: '2001:db8:1::1' };

/** A host of its own: what is done to networks by this thread, and by programs that it starts, stays in there. */
export class TestHost {
  private readonly before = openSync('/proc/self/ns/net', 'r');
  private readonly outside: ChildProcess;

  constructor() {
    // A launcher that waits for work is still in the old namespace.
    closeForkServer();
    must(rawSyscall(numbers.unshare, CLONE_NEWNET), 'unshare');
    this.outside = spawn('unshare', ['--net', 'sleep', '1000'], { stdio: 'ignore' });
    const pid = this.worldPid;
    const own = readlinkSync('/proc/self/ns/net');
    while (!this.isReady(own)) sh('sleep 0.01');
    sh(`
      ip link set lo up
      ip link add up0 type veth peer name eth0 netns ${pid}
      ip address add ${world.host4}/24 dev up0
      ip address add ${world.host6}/64 dev up0 nodad
      ip link set up0 up
      nsenter --net=/proc/${pid}/ns/net sh -ec '
        ip link set lo up
        ip address add ${world.v4}/24 dev eth0
        ip address add ${world.v6}/64 dev eth0 nodad
        ip link set eth0 up'
    `);
  }

  private isReady(own: string): boolean {
    try {
      return readlinkSync(`/proc/${this.worldPid}/ns/net`) !== own;
    } catch {
      return false;
    }
  }

  get worldPid(): string {
    return String(this.outside.pid);
  }

  /** A command in the world outside. */
  async outsideRun(...command: readonly string[]): Promise<string> {
    const { stdout } = await runCommand(['nsenter', `--net=/proc/${this.worldPid}/ns/net`, ...command]);
    return stdout;
  }

  /** A command in the world outside that goes on. */
  outsideStart(...command: readonly string[]): ChildProcess {
    const [program = '', ...args] = ['nsenter', `--net=/proc/${this.worldPid}/ns/net`, ...command];
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** What is there besides lo and the way to the world: interfaces, and the table of haco. */
  leftovers(): readonly string[] {
    const links = JSON.parse(sh('ip -j link')) as readonly { readonly ifname: string }[];
    const names = links.map(({ ifname }) => ifname).filter((name) => !['lo', 'up0', 'ifb0', 'ifb1'].includes(name));
    return [
      ...names,
      ...sh('nft list tables')
        .split('\n')
        .filter((line) => line !== ''),
    ];
  }

  /** Back to where the thread was. */
  close(): void {
    closeForkServer();
    this.outside.kill('SIGKILL');
    must(rawSyscall(numbers.setns, this.before, CLONE_NEWNET), 'setns');
    closeSync(this.before);
  }
}

/** A program that tells each client who it seems to be: as an argument for `node -e`. */
export function serverScript(port: number, kind: 'tcp' | 'udp' = 'tcp'): string {
  return kind === 'tcp'
    ? `require('net').createServer((s) => s.end(s.remoteAddress)).listen(${String(port)}, '::', () => console.log('ready'))`
    : `const s = require('dgram').createSocket('udp6'); s.on('message', (_, r) => s.send(r.address, r.port, r.address)).bind(${String(port)}, '::', () => console.log('ready'))`;
}

/** A program that prints what a server says, or the name of its error. */
export function clientScript(host: string, port: number, kind: 'tcp' | 'udp' = 'tcp'): string {
  const late = `setTimeout(() => { console.log('timeout'); process.exit() }, 1500)`;
  return kind === 'tcp'
    ? `require('net').connect(${String(port)}, '${host}').on('data', (d) => { console.log(String(d)); process.exit() }).on('error', (e) => { console.log(e.code); process.exit() }); ${late}`
    : `const s = require('dgram').createSocket('${host.includes(':') ? 'udp6' : 'udp4'}'); s.on('message', (d) => { console.log(String(d)); process.exit() }); setInterval(() => s.send('hi', ${String(port)}, '${host}'), 100); ${late.replace('1500', '5000')}`;
}

/** What a server says to this thread. */
export function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, host);
    socket.setTimeout(1500, () => socket.destroy(new Error('timeout')));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(text));
  });
}

/** A server of this thread, which tells each client who it seems to be. */
export function serve(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.end(socket.remoteAddress ?? ''));
    server.listen(port, '::', () => resolve(server));
  });
}
