/** All network modes by their `kind`. */
import { plain, readTagged, type Reader } from '@haco/plan';
import type { NetworkMode } from '../section.js';
import { bridgeRow } from './bridge.js';
import { cniRow } from './cni.js';
import { host } from './host.js';
import { join } from './join.js';
import type { ModeRow } from './mode.js';
import { none } from './none.js';
import { pastaRow } from './pasta.js';
import { slirpRow } from './slirp.js';

const rows = plain({
  none,
  host,
  join,
  bridge: bridgeRow,
  cni: cniRow,
  pasta: pastaRow,
  slirp: slirpRow,
} as const satisfies {
  readonly [K in NetworkMode['kind']]: ModeRow<Extract<NetworkMode, { readonly kind: K }>>;
});

/** Kinds of network modes. */
export const modeKinds = Object.keys(rows) as readonly NetworkMode['kind'][];

/** The row of a mode. */
export function rowOf<Mode extends NetworkMode>({ kind }: Mode): ModeRow<Mode> {
  return rows[kind] as unknown as ModeRow<Mode>;
}

/** A mode from JSON. */
export const readMode: Reader<NetworkMode> = readTagged('kind', {
  none: rows.none.read,
  host: rows.host.read,
  join: rows.join.read,
  bridge: rows.bridge.read,
  cni: rows.cni.read,
  pasta: rows.pasta.read,
  slirp: rows.slirp.read,
});
