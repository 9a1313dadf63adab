/** Whether the host forwards packets: looked at for each start, changed only when the caller said so. */
import { readdirSync } from 'node:fs';
import { StateError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { BridgeMode } from '../modes/bridge.js';
import { readSetting, writeSetting } from './settings.js';

const settings = { 4: 'net/ipv4/ip_forward', 6: 'net/ipv6/conf/all/forwarding' } as const;

/** A host that forwards takes no routes from IPv6 routers any more, unless told so interface by interface. */
function keepAdvertisements(): Result<void, HacoError> {
  const interfaces = readdirSync('/proc/sys/net/ipv6/conf').filter((name) => name !== 'all' && name !== 'default');
  for (const name of interfaces) {
    const setting = `net/ipv6/conf/${name}/accept_ra`;
    const kept = readSetting(setting) === '1' ? writeSetting(setting, '2', { optional: true }) : ok();
    if (kept.isErr()) return kept;
  }
  return ok();
}

function enable(family: 4 | 6): Result<void, HacoError> {
  const first = family === 6 ? keepAdvertisements() : ok();
  return first.andThen(() => writeSetting(settings[family], '1'));
}

/** Refuse, or switch it on, as the mode says. */
export function ensureForwarding(mode: BridgeMode): Result<void, HacoError> {
  if (mode.internal) return ok();
  for (const subnet of mode.subnets) {
    const family = subnet.includes(':') ? 6 : 4;
    if (readSetting(settings[family]) === '1') continue;
    if (mode.forwarding === 'enable') {
      const enabled = enable(family);
      if (enabled.isErr()) return enabled;
      continue;
    }
    const name = settings[family].replaceAll('/', '.');
    return err(
      new StateError({
        what: `connect containers of the bridge ${mode.name} with others than this host`,
        state: `it forwards no IPv${String(family)} packets (${name} is not 1)`,
        remedy: `run "sysctl -w ${name}=1", let haco do it with bridge({ forwarding: "enable" }), or do without with bridge({ internal: true })`,
      }),
    );
  }
  return ok();
}
