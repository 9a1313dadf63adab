/** Capabilities on the real kernel, as /proc/self/status shows them. */
import { readFileSync } from 'node:fs';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { capabilityNumber, type CapabilityName } from './names.js';
import { capabilityPresets } from './presets.js';

interface Sets {
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
}

function parseSets(status: string): Sets {
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^Cap${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1] ?? 'x'}`);
  return {
    inheritable: set('Inh'),
    permitted: set('Prm'),
    effective: set('Eff'),
    bounding: set('Bnd'),
    ambient: set('Amb'),
  };
}

/** The five sets of a program that the container runs. */
async function setsOf(builder: Builder): Promise<Sets> {
  const { stdout } = await orThrow(builder.command('/bin/cat', '/proc/self/status').run());
  return parseSets(stdout);
}

function mask(names: readonly CapabilityName[]): bigint {
  return names.reduce((bits, name) => bits | (1n << BigInt(capabilityNumber(name))), 0n);
}

const none = { inheritable: 0n, permitted: 0n, effective: 0n, bounding: 0n, ambient: 0n };
// Root of an outer container doesn't have them all.
const everything = parseSets(readFileSync('/proc/self/status', 'utf8')).bounding;

function root(bits: bigint): Sets {
  return { ...none, permitted: bits, effective: bits, bounding: bits };
}

describeWith(['root'], 'caps', () => {
  test('without a word they stay as they are', async () => {
    expect((await setsOf(haco())).bounding).toBe(everything);
  });

  test('root has exactly what is kept, and nothing inheritable', async () => {
    expect(await setsOf(haco().caps('chown', 'net_bind_service'))).toEqual(root(mask(['chown', 'net_bind_service'])));
    expect(await setsOf(haco().caps('none'))).toEqual(none);
    expect(await setsOf(haco().caps('docker'))).toEqual(root(mask(capabilityPresets.docker)));
    expect(await setsOf(haco().caps('haconiwa'))).toEqual(root(mask(capabilityPresets.haconiwa)));
  });

  test('all but one is all but one', async () => {
    const kept = everything & ~mask(['sys_admin']);
    expect(await setsOf(haco().caps({ drop: ['sys_admin'] }))).toEqual(root(kept));
    expect(await setsOf(haco().caps('all'))).toEqual(root(everything));
  });

  test('another user has what is kept as ambient capabilities', async () => {
    const bits = mask(['net_bind_service', 'mac_override']);
    expect(await setsOf(haco().user(12345).caps('net_bind_service', 'mac_override'))).toEqual({
      inheritable: bits,
      permitted: bits,
      effective: bits,
      bounding: bits,
      ambient: bits,
    });
    expect(await setsOf(haco().user(12345).caps('none'))).toEqual(none);
  });

  test('in a user namespace of its own', async () => {
    expect(await setsOf(haco().unshare('user').caps('chown'))).toEqual(root(mask(['chown'])));
  });

  test('what is dropped is refused, what is kept is allowed', async () => {
    const rename = haco().unshare('uts').sh('hostname inside; hostname');
    const refused = await orThrow(rename.caps({ drop: ['sys_admin'] }).run());
    expect(refused.stdout).not.toBe('inside\n');
    const allowed = await orThrow(rename.caps('sys_admin').run());
    expect(allowed.stdout).toBe('inside\n');
  });
});
