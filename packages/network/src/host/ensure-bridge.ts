/** The bridge: the one that is there, when it is the right one, or a new one where nothing else has its addresses. */
import { ConflictError, type HacoError } from '@haco/plan';
import { err, errAsync, ok, okAsync, type Result, type ResultAsync } from 'neverthrow';
import { formatSubnet, overlap, parseAddress, parseSubnet } from '../addresses.js';
import type { KnownBridge } from '../attachment.js';
import { bridgeAlias, makeBridge, openBridge } from '../commands.js';
import type { BridgeMode } from '../modes/bridge.js';
import { gatewayText } from '../rules.js';
import { readInterface, readRoutes, type Interface, type Route } from './interfaces.js';
import { runIp, tryTool } from './run-tool.js';
import { writeSetting } from './settings.js';

function differs(name: string, what: string): ConflictError {
  const remedy = `${what}; give the other network another name with bridge({ name }), or use the same options`;
  return new ConflictError({ what: 'bridge', subject: name, remedy });
}

/** Canonical texts, so that two ways to write a subnet are one. */
function canonical(subnets: readonly string[]): readonly string[] {
  return subnets.map((text) => formatSubnet(parseSubnet(text)._unsafeUnwrap())).sort();
}

function checkKnown(mode: BridgeMode, known: KnownBridge): Result<void, HacoError> {
  if (canonical(known.subnets).join() !== canonical(mode.subnets).join()) {
    return err(differs(mode.name, `its containers have the subnets ${known.subnets.join(', ')}`));
  }
  if (known.internal !== mode.internal) {
    return err(differs(mode.name, known.internal ? 'it is internal' : 'it is not internal'));
  }
  return ok();
}

function checkFound({ name, subnets }: BridgeMode, found: Interface): Result<void, HacoError> {
  if (found.kind !== 'bridge') {
    const remedy = 'an interface of that name is no bridge; choose another with bridge({ name })';
    return err(new ConflictError({ what: 'interface name', subject: name, remedy }));
  }
  const missing = subnets.find((text) => {
    const { prefix } = parseSubnet(text)._unsafeUnwrap();
    return !found.addresses.includes(`${gatewayText(text)}/${String(prefix)}`);
  });
  if (missing === undefined) return ok();
  const { prefix } = parseSubnet(missing)._unsafeUnwrap();
  return err(
    differs(
      name,
      `it is there and has ${found.addresses.join(', ') || 'no address'}, not ${gatewayText(missing)}/${String(prefix)}`,
    ),
  );
}

function checkRoutes({ name, subnets }: BridgeMode, routes: readonly Route[]): Result<void, HacoError> {
  for (const text of subnets) {
    const subnet = parseSubnet(text)._unsafeUnwrap();
    const other = routes.find(({ subnet: dst, device }) => {
      if (device === name) return false;
      const [address = '', prefix = '0'] = dst.split('/');
      return parseAddress(address).match(
        ({ family, value }) => overlap(subnet, { family, value, prefix: Number(prefix) }),
        () => false,
      );
    });
    if (other !== undefined) {
      const remedy = `this host reaches ${other.subnet} by ${other.device}; choose another range with bridge({ subnets })`;
      return err(new ConflictError({ what: 'subnet', subject: text, remedy }));
    }
  }
  return ok();
}

/**
 * Neighbours on the bridge are containers: none of them may tell the host where to send its packets (CVE-2020-13401). And nobody
 * else can have the bridge's link-local address, from which the kernel asks for the neighbours of what it forwards: for the second or two in
 * which it would look for duplicates of it, packets from outside would be lost.
 */
function shield(name: string): Result<void, HacoError> {
  return writeSetting(`net/ipv6/conf/${name}/accept_ra`, '0', { optional: true }).andThen(() =>
    writeSetting(`net/ipv6/conf/${name}/accept_dad`, '0', { optional: true }),
  );
}

function make(mode: BridgeMode): ResultAsync<boolean, HacoError> {
  return readRoutes()
    .andThen((routes) => checkRoutes(mode, routes))
    .andThen(() => runIp(makeBridge(mode)))
    .andThen(() =>
      shield(mode.name)
        .asyncAndThen(() => runIp(openBridge(mode)))
        // Half of a bridge is no use to anybody.
        .orElse((error) =>
          tryTool({ command: ['ip', 'link', 'delete', 'dev', mode.name] }).andThen(() => err<void, HacoError>(error)),
        ),
    )
    .map(() => true);
}

/** See that the bridge is there. Gives whether haco has made it, now or earlier. */
export function ensureBridge(mode: BridgeMode, known: KnownBridge | undefined): ResultAsync<boolean, HacoError> {
  const fits = known === undefined ? ok() : checkKnown(mode, known);
  if (fits.isErr()) return errAsync(fits.error);
  return readInterface(mode.name).andThen((found) => {
    if (found === undefined) return make(mode);
    const right = checkFound(mode, found);
    return right.isErr() ? errAsync(right.error) : okAsync(found.alias === bridgeAlias);
  });
}
