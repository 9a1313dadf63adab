/** Starting slirp4netns for a container. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import type { Readable } from 'node:stream';
import { ConflictError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { Attachment, NetworkState } from '../attachment.js';
import type { SlirpMode } from '../modes/slirp.js';
import { portTitle } from '../ports.js';
import type { PublishedPort } from '../section.js';
import { takePorts, type Connecting } from './bridge.js';
import { adopt, stopProgram } from './program.js';
import { ioError } from './lock.js';
import { toolPath } from './run-tool.js';
import { requireTun } from './tun.js';

/** The name server that slirp4netns is itself. */
export const slirpServer = '10.0.2.3';

/** The container's address. */
const slirpAddress = '10.0.2.100';

/** The command line. */
export function slirpCommand({ hostLoopback, mtu }: SlirpMode, childPid: number, socket: string): readonly string[] {
  return [
    'slirp4netns',
    '--configure',
    `--mtu=${String(mtu)}`,
    ...(hostLoopback ? [] : ['--disable-host-loopback']),
    '--api-socket',
    socket,
    '--ready-fd=3',
    '--exit-fd=4',
    String(childPid),
    'eth0',
  ];
}

interface Answer {
  readonly error?: { readonly desc?: string };
}

/** Ask it for one port. */
function publish(
  socket: string,
  { protocol, address = '0.0.0.0', hostPort, containerPort }: PublishedPort,
): Promise<Answer> {
  const request = {
    execute: 'add_hostfwd',
    arguments: { proto: protocol, host_addr: address, host_port: hostPort, guest_port: containerPort },
  };
  return new Promise((resolve, reject) => {
    let text = '';
    const stream = connectSocket(socket);
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      try {
        resolve(JSON.parse(text) as Answer);
      } catch (error) {
        reject(error as Error);
      }
    });
    stream.end(JSON.stringify(request));
  });
}

async function publishAll(socket: string, ports: readonly PublishedPort[]): Promise<Result<void, HacoError>> {
  for (const port of ports) {
    try {
      const { error } = await publish(socket, port);
      if (error === undefined) continue;
      const remedy = `slirp4netns says: ${error.desc ?? 'nothing'}; choose another`;
      return err(new ConflictError({ what: 'host port', subject: portTitle(port), remedy }));
    } catch (error) {
      return err(ioError('talk to slirp4netns at', socket, error));
    }
  }
  return ok();
}

/** Start it, and wait until the container can use the network. */
export async function connectSlirp(
  mode: SlirpMode,
  request: Connecting & { readonly fail: (error: HacoError) => void },
  state: NetworkState,
  remember: (state: NetworkState) => Result<void, HacoError>,
): Promise<Result<Attachment, HacoError>> {
  const tun = requireTun('slirp4netns');
  if (tun.isErr()) return err(tun.error);
  const ports = await takePorts(request.ports, state.attachments, [4]);
  if (ports.isErr()) return err(ports.error);
  const directory = mkdtempSync(`${request.directory}/slirp-`);
  const socket = `${directory}/api`;
  const [program = '', ...args] = slirpCommand(mode, request.childPid, socket);
  // It ends when descriptor 4 is closed: with Node, whatever happens to that.
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: toolPath, LC_ALL: 'C' },
  });
  const pipe = child.stdio[3] as Readable;
  const ready = new Promise<void>((resolve) => pipe.once('data', () => resolve()));
  for (const end of [child.stdio[3], child.stdio[4]] as readonly ({ unref?: () => void } | null)[]) end?.unref?.();
  try {
    const started = { child, name: 'slirp4netns', command: [program, ...args], package: 'slirp4netns', ready } as const;
    const adopted = await adopt(started, { ...request, ports: ports.value }, [slirpAddress], state, remember);
    if (adopted.isErr()) return err(adopted.error);
    const published = await publishAll(socket, ports.value);
    if (published.isOk()) return ok(adopted.value);
    if (adopted.value.made.kind === 'program') await stopProgram(adopted.value.made);
    return remember(state).andThen(() => err(published.error));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
