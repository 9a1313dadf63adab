/** Capabilities on the real kernel, as /proc/self/status shows them. */
import { readFileSync } from 'node:fs';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, probePath } from '@haco/testkit';
import { expect, test } from 'vitest';
import { knownCapabilities, readCapabilities } from './host/read-sets.js';
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

interface ProbeCaps {
  readonly securebits: number;
  readonly effective: string;
  readonly ambient: string;
}

async function probe(builder: Builder): Promise<ProbeCaps> {
  const { stdout, stderr } = await orThrow(builder.command(probePath(), 'caps').run());
  expect(stderr).toBe('');
  return JSON.parse(stdout) as ProbeCaps;
}

describeWith(['root', 'probe'], 'capSets', () => {
  test('each set is as it was named, and execve makes of them what capabilities(7) says', async () => {
    // user 0: permitted is what is in the bounding set or inheritable, whatever was permitted before.
    expect(
      await setsOf(haco().capSets({ bounding: ['chown', 'kill'], permitted: ['kill'], inheritable: ['fowner'] })),
    ).toEqual({
      bounding: mask(['chown', 'kill']),
      permitted: mask(['chown', 'kill', 'fowner']),
      effective: mask(['chown', 'kill', 'fowner']),
      inheritable: mask(['fowner']),
      ambient: 0n,
    });
    const ambient = mask(['net_bind_service']);
    expect(
      await setsOf(
        haco()
          .user(12_345)
          .capSets({ bounding: 'none', ambient: ['net_bind_service'] }),
      ),
    ).toEqual({
      bounding: 0n,
      permitted: ambient,
      effective: ambient,
      inheritable: ambient,
      ambient,
    });
  });

  test('with noroot, user 0 is a user like any other', async () => {
    const user0 = haco().caps('docker').securebits('noroot', 'noroot_locked');
    expect(await setsOf(user0)).toMatchObject({ permitted: 0n, effective: 0n });
    expect(await setsOf(user0.capSets({ ambient: ['kill'] }))).toMatchObject({ effective: mask(['kill']) });
    expect((await probe(user0)).securebits).toBe(3);
  });

  test('an ambient set that is closed afterwards stays as it was named', async () => {
    const closed = haco().user(12_345).caps('kill').securebits('no_cap_ambient_raise', 'no_cap_ambient_raise_locked');
    const { securebits, ambient } = await probe(closed);
    expect(securebits).toBe(0xc0);
    expect(BigInt(`0x${ambient}`)).toBe(mask(['kill']));
  });

  test('in a user namespace of its own', async () => {
    const inside = haco()
      .unshare('user')
      .capSets({ bounding: ['kill'], inheritable: ['chown'] })
      .securebits('noroot');
    expect(await setsOf(inside)).toEqual({
      bounding: mask(['kill']),
      permitted: 0n,
      effective: 0n,
      inheritable: mask(['chown']),
      ambient: 0n,
    });
  });
});

describeWith(['root'], 'the sets of a live process', () => {
  test('are those that it was given', async () => {
    await using container = await orThrow(haco().caps('chown', 'NetRaw').command('/bin/sleep', '60').start());
    expect(readCapabilities(container.pid)._unsafeUnwrap()).toEqual({
      bounding: ['chown', 'net_raw'],
      permitted: ['chown', 'net_raw'],
      effective: ['chown', 'net_raw'],
      inheritable: [],
      ambient: [],
    });
  });

  test('of one that is not there are not found', () => {
    for (const pid of [4_194_303, 0, -1, 1.5, NaN]) {
      expect(readCapabilities(pid)._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', subject: String(pid) });
    }
  });

  test('the kernel says how many there are', () => {
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
    expect(knownCapabilities()).toHaveLength(last + 1);
  });
});
