/** Starting pasta for a container. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import type { HacoError } from '@haco/plan';
import { err, type Result } from 'neverthrow';
import type { Attachment, NetworkState } from '../attachment.js';
import type { PastaMode } from '../modes/pasta.js';
import type { PublishedPort } from '../section.js';
import { takePorts, type Connecting } from './bridge.js';
import { adopt } from './program.js';
import { toolPath } from './run-tool.js';
import { requireTun } from './tun.js';

/** Queries to this address are passed on to the host's own name server, also to one that listens on 127.0.0.53. */
export const pastaServer = '169.254.213.53';

/** Ports as `-t` and `-u` take them. */
function portOptions(ports: readonly PublishedPort[]): readonly string[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const option = protocol === 'tcp' ? '--tcp-ports' : '--udp-ports';
    const asked = ports.filter((port) => port.protocol === protocol);
    // Without a word, pasta would publish whatever the container listens on.
    if (asked.length === 0) return [option, 'none'];
    return asked.flatMap(({ hostPort, containerPort, address }) => {
      const where = address === undefined ? '' : `${address}/`;
      return [option, `${where}${String(hostPort)}:${String(containerPort)}`];
    });
  });
}

/** The command line. */
export function pastaCommand(
  { hostLoopback }: PastaMode,
  ports: readonly PublishedPort[],
  childPid: number,
  pidFile: string,
): readonly string[] {
  return [
    'pasta',
    '--foreground',
    '--quiet',
    '--config-net',
    '--ns-ifname',
    'eth0',
    ...(hostLoopback ? [] : ['--no-map-gw']),
    '--dns-forward',
    pastaServer,
    ...portOptions(ports),
    // What listens on the host's loopback isn't meant for the container.
    '--tcp-ns',
    'none',
    '--udp-ns',
    'none',
    '--pid',
    pidFile,
    String(childPid),
  ];
}

/** Settles when the file has content: pasta writes its pid when all is set up. */
function whenWritten(directory: string, file: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      try {
        if (readFileSync(file, 'latin1').includes('\n')) resolve();
      } catch {
        // Not there yet.
      }
    };
    // Also without events: some filesystems have none.
    const timer = setInterval(look, 20);
    const watcher = watch(directory, look);
    watcher.on('error', () => undefined);
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      watcher.close();
    });
  });
}

/** Start it, and wait until the container can use the network. */
export async function connectPasta(
  mode: PastaMode,
  request: Connecting & { readonly fail: (error: HacoError) => void },
  state: NetworkState,
  remember: (state: NetworkState) => Result<void, HacoError>,
): Promise<Result<Attachment, HacoError>> {
  const tun = requireTun('pasta');
  if (tun.isErr()) return err(tun.error);
  const ports = await takePorts(request.ports, state.attachments, [4]);
  if (ports.isErr()) return err(ports.error);
  const directory = mkdtempSync(`${request.directory}/pasta-`);
  const pidFile = `${directory}/pid`;
  const command = pastaCommand(mode, ports.value, request.childPid, pidFile);
  // Bound to Node's life by the kernel: a pasta of a container that is gone would never end.
  const wrapped = ['--pdeathsig', 'KILL', ...command];
  const child = spawn('setpriv', wrapped, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: toolPath, LC_ALL: 'C' },
  });
  const over = new AbortController();
  try {
    const ready = whenWritten(directory, pidFile, over.signal);
    const started = { child, name: 'pasta', command, package: 'passt', ready } as const;
    return await adopt(started, { ...request, ports: ports.value }, [], state, remember);
  } finally {
    over.abort();
    rmSync(directory, { recursive: true, force: true });
  }
}
