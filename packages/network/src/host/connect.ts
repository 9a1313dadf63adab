/** Connecting one container, whatever its mode. The caller holds the lock. */
import { ConflictError, type HacoError, type HostFacts } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { Attachment, NetworkState } from '../attachment.js';
import { etcDirectory } from '../directory.js';
import { mergeResolver, renderResolvConf, type ResolverConfig } from '../resolver.js';
import type { NetworkSection } from '../section.js';
import { connectBridge, type Connecting } from './bridge.js';
import { connectCni } from './cni/connect.js';
import { disconnect } from './disconnect.js';
import { readHostResolver, writeEtc } from './etc-files.js';
import { hostsOf, showNeighbours } from './neighbours.js';
import { isAlive } from './owner.js';
import { connectPasta, pastaServer } from './pasta.js';
import { connectSlirp, slirpServer } from './slirp.js';
import { readState, writeState } from './state.js';

/** Modes for which Node does something. */
type ActiveMode = Extract<NonNullable<NetworkSection['mode']>, { readonly kind: 'bridge' | 'cni' | 'pasta' | 'slirp' }>;

/** Whether Node does something for a mode. */
export function isActive(mode: NetworkSection['mode']): mode is ActiveMode {
  return mode !== undefined && ['bridge', 'cni', 'pasta', 'slirp'].includes(mode.kind);
}

/** What is connected, and for whom. */
export interface Request extends Connecting {
  readonly host: HostFacts;
  readonly section: NetworkSection;
  readonly mode: ActiveMode;
  readonly fail: (error: HacoError) => void;
}

/** What connecting has made, with what it says about names. */
interface Connected {
  readonly attachment: Attachment;
  /** The name resolution that comes with the network, instead of the host's. */
  readonly resolver?: Partial<ResolverConfig>;
}

async function connectMode(request: Request, state: NetworkState): Promise<Result<Connected, HacoError>> {
  const { mode, directory } = request;
  const remember = (next: NetworkState): Result<void, HacoError> => writeState(directory, next);
  switch (mode.kind) {
    case 'bridge':
      return (await connectBridge(mode, request, state, remember)).map((attachment) => ({ attachment }));
    case 'cni':
      return connectCni(mode, request, state, remember);
    case 'pasta':
      return (await connectPasta(mode, request, state, remember)).map((attachment) => ({
        attachment,
        resolver: { servers: [pastaServer] },
      }));
    case 'slirp':
      return (await connectSlirp(mode, request, state, remember)).map((attachment) => ({
        attachment,
        resolver: { servers: [slirpServer] },
      }));
  }
}

/** Connect, and write the files for its names. */
export async function connect(request: Request, earlier: NetworkState): Promise<Result<Attachment, HacoError>> {
  const { container, directory, section, host } = request;
  if (earlier.attachments.some((other) => other.container === container && isAlive(other.owner))) {
    const remedy = 'a container of that name has a network already; choose another with name()';
    return err(new ConflictError({ what: 'name', subject: container, remedy }));
  }
  const connected = await connectMode(request, earlier);
  if (connected.isErr()) return err(connected.error);
  const { attachment, resolver } = connected.value;
  const state = readState(directory);
  if (state.isErr()) return err(state.error);
  const names = mergeResolver(section.dns, readHostResolver());
  const asked = section.dns?.servers;
  const resolvConf = renderResolvConf({ ...names, ...(asked === undefined ? resolver : {}) });
  const written = writeEtc(etcDirectory(host, container), { resolvConf, hosts: hostsOf(state.value, attachment) });
  if (written.isErr()) {
    const undone = await disconnect(directory, attachment, state.value);
    if (undone.isErr()) written.error.cleanup = [undone.error];
    return err(written.error);
  }
  showNeighbours(directory, state.value, attachment);
  return ok(attachment);
}
