/** Connecting a container to a bridge, and taking it off again. The caller holds the lock. */
import { rmSync, writeFileSync } from 'node:fs';
import { ConflictError, type HacoError } from '@haco/plan';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { randomHex } from '@haco/sys';
import { publisherOf, within, type Attachment, type NetworkState } from '../attachment.js';
import { configureInside, makePair } from '../commands.js';
import type { BridgeMode } from '../modes/bridge.js';
import { leaseAddresses } from '../lease.js';
import { portTitle } from '../ports.js';
import { renderRules } from '../rules.js';
import type { PublishedPort } from '../section.js';
import { ensureBridge } from './ensure-bridge.js';
import { ensureForwarding } from './forwarding.js';
import { takePort } from './free-port.js';
import { ioError } from './lock.js';
import { currentNetns } from './owner.js';
import { runIp, runTool, tryTool } from './run-tool.js';
import { writeSetting } from './settings.js';

/** What a mode is connected for. */
export interface Connecting {
  /** Where state lies. */
  readonly directory: string;
  readonly container: string;
  readonly childPid: number;
  readonly owner: Attachment['owner'];
  readonly ports: readonly PublishedPort[];
}

/** A fresh id. */
export function makeId(): string {
  return randomHex(4);
}

/** Replace the table by one that fits to what is connected in this net namespace. */
function applyRules(directory: string, state: NetworkState): ResultAsync<void, HacoError> {
  // nft opens /dev/stdin by name, which isn't possible where that is a socket, as Node makes it.
  const path = `${directory}/rules.json`;
  try {
    writeFileSync(path, JSON.stringify(renderRules(within(state, currentNetns()))), { mode: 0o600 });
  } catch (error) {
    return errAsync(ioError('write', path, error));
  }
  return runTool({ command: ['nft', '-j', '-f', path] }).map(() => rmSync(path, { force: true }));
}

/** The ports with their numbers; the first that somebody has is a conflict. */
export async function takePorts(
  ports: readonly PublishedPort[],
  attachments: readonly Attachment[],
  families: readonly (4 | 6)[],
): Promise<Result<readonly PublishedPort[], HacoError>> {
  const taken: PublishedPort[] = [];
  for (const port of ports) {
    const publisher = publisherOf(attachments, port);
    if (publisher !== undefined) {
      const remedy = `the container "${publisher.container}" publishes ${portTitle(publisher.port)}; choose another, or 0 for one that is free`;
      return err(new ConflictError({ what: 'host port', subject: portTitle(port), remedy }));
    }
    const free = await takePort(port, families);
    if (free.isErr()) return err(free.error);
    taken.push(free.value);
  }
  return ok(taken);
}

/** The bridge answers for 127.0.0.1 only where a port is published there; rules see to it that nobody else gets through by that. */
function openLoopback(bridge: string, ports: readonly PublishedPort[]): Result<void, HacoError> {
  const local = ports.some(
    ({ address }) => address === undefined || address === '0.0.0.0' || address.startsWith('127.'),
  );
  return local ? writeSetting(`net/ipv4/conf/${bridge}/route_localnet`, '1') : ok();
}

/** Connect. Gives the state with the attachment in it; on an error, what was made is gone again. */
export async function connectBridge(
  mode: BridgeMode,
  connecting: Connecting,
  state: NetworkState,
  remember: (state: NetworkState) => Result<void, HacoError>,
): Promise<Result<Attachment, HacoError>> {
  const { directory, container, childPid, owner } = connecting;
  const netns = currentNetns();
  const here = within(state, netns);
  const known = here.bridges.find(({ name }) => name === mode.name);
  const families = mode.subnets.map((subnet) => (subnet.includes(':') ? 6 : 4));

  const forwards = ensureForwarding(mode);
  if (forwards.isErr()) return err(forwards.error);
  const addresses = leaseAddresses(
    mode,
    here.attachments.filter(({ made }) => made.kind === 'bridge'),
  );
  if (addresses.isErr()) return err(addresses.error);
  const ports = await takePorts(connecting.ports, here.attachments, families);
  if (ports.isErr()) return err(ports.error);
  const made = await ensureBridge(mode, known);
  if (made.isErr()) return err(made.error);

  const id = makeId();
  const attachment: Attachment = {
    id,
    container,
    owner,
    netns,
    addresses: addresses.value,
    ports: ports.value,
    made: { kind: 'bridge', bridge: mode.name, veth: `haco${id}` },
  };
  const { name, subnets, internal } = mode;
  const bridge = known ?? { name, netns, subnets, internal, ours: made.value };
  const next: NetworkState = {
    ...state,
    bridges: known === undefined ? [...state.bridges, bridge] : state.bridges,
    attachments: [...state.attachments, attachment],
  };
  // Remembered before anything is made for it: whatever happens now, somebody can take it away.
  const remembered = remember(next);
  const done = remembered.isErr()
    ? err(remembered.error)
    : await ResultAsync.combine([
        runIp(makePair(mode.name, `haco${id}`, childPid, mode.mtu)).andThen(() =>
          runIp(configureInside(mode, attachment.addresses), `/proc/${String(childPid)}/ns/net`),
        ),
        applyRules(directory, next),
        new ResultAsync(Promise.resolve(openLoopback(mode.name, attachment.ports))),
      ]);
  if (done.isOk()) return ok(attachment);
  const undone = await disconnectBridge(directory, attachment, next, remember);
  if (undone.isErr()) done.error.cleanup = [...done.error.cleanup, undone.error];
  return err(done.error);
}

/** Those that are there: the kernel may have removed the pair with its namespace already, or is doing so now. */
function removeInterfaces(names: readonly string[]): ResultAsync<void, HacoError> {
  const lines = names.map((name) => `link delete dev ${name}\n`);
  // `-force` goes on after a line that fails.
  return tryTool({ command: ['ip', '-force', '-batch', '-'], input: lines.join('') }).map(() => undefined);
}

/** Take off. The last one takes the bridge with it, when haco has made that. */
export async function disconnectBridge(
  directory: string,
  attachment: Attachment,
  state: NetworkState,
  remember: (state: NetworkState) => Result<void, HacoError>,
): Promise<Result<NetworkState, HacoError>> {
  if (attachment.made.kind !== 'bridge') return ok(state);
  const { bridge: name, veth } = attachment.made;
  const attachments = state.attachments.filter(({ id }) => id !== attachment.id);
  const isLast = !within({ ...state, attachments }, attachment.netns).attachments.some(
    ({ made }) => made.kind === 'bridge' && made.bridge === name,
  );
  const bridge = state.bridges.find((known) => known.name === name && known.netns === attachment.netns);
  const next: NetworkState = {
    ...state,
    attachments,
    bridges: isLast ? state.bridges.filter((known) => known !== bridge) : state.bridges,
  };
  const removed = await ResultAsync.combine([
    removeInterfaces(isLast && bridge?.ours === true ? [veth, name] : [veth]),
    // Without ports, and with others still there, no rule was its own.
    isLast || attachment.ports.length > 0 ? applyRules(directory, next) : okAsync(undefined),
  ]);
  if (removed.isErr()) return err(removed.error);
  return remember(next).map(() => next);
}
