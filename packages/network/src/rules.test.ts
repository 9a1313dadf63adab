/** The table of rules: what is in it for which networks, and that it is always whole. */
import { describe, expect, test } from 'vitest';
import type { Attachment, KnownBridge } from './attachment.js';
import { renderRules } from './rules.js';

interface Command {
  readonly add?: {
    readonly rule?: { readonly chain: string; readonly comment: string; readonly expr: readonly unknown[] };
  };
}

const blue: KnownBridge = {
  name: 'blue',
  netns: 'n',
  subnets: ['10.1.0.0/16', 'fd00:1::/64'],
  internal: false,
  ours: true,
};
const inner: KnownBridge = { name: 'inner', netns: 'n', subnets: ['10.2.0.0/16'], internal: true, ours: true };
const web: Attachment = {
  id: '00000001',
  container: 'web',
  owner: { pid: 1, startTime: 1 },
  netns: 'n',
  addresses: ['10.1.0.2', 'fd00:1::2'],
  ports: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', address: '192.0.2.1' }],
  made: { kind: 'bridge', bridge: 'blue', veth: 'haco00000001' },
};

function rules(bridges: readonly KnownBridge[], attachments: readonly Attachment[]) {
  const { nftables } = renderRules({ bridges, attachments }) as { readonly nftables: readonly Command[] };
  return nftables.flatMap(({ add }) => (add?.rule === undefined ? [] : [add.rule]));
}

describe('rules', () => {
  test('nothing connected: the table goes, and nothing else is touched', () => {
    expect(renderRules({ bridges: [], attachments: [] })).toEqual({
      nftables: [
        { add: { table: { family: 'inet', name: 'haco' } } },
        { delete: { table: { family: 'inet', name: 'haco' } } },
      ],
    });
  });

  test('each rule says whose it is', () => {
    expect(new Set(rules([blue, inner], [web]).map(({ comment }) => comment))).toEqual(
      new Set(['web', 'blue', 'inner']),
    );
  });

  test('a port on an address of the host leads to the address of the same family only', () => {
    const ports = rules([blue], [web]).filter(({ comment }) => comment === 'web');
    expect(ports.map(({ chain }) => chain)).toEqual(['prerouting', 'output']);
    expect(ports[0]?.expr).toEqual([
      { match: { op: '==', left: { meta: { key: 'nfproto' } }, right: 'ipv4' } },
      { match: { op: '==', left: { payload: { protocol: 'ip', field: 'daddr' } }, right: '192.0.2.1' } },
      { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 8080 } },
      { dnat: { family: 'ip', addr: '10.1.0.2', port: 80 } },
    ]);
  });

  test('an internal network has neither translation nor a way through', () => {
    const all = rules([inner], []);
    expect(all.filter(({ chain }) => chain === 'postrouting')).toEqual([]);
    const last = all.filter(({ chain }) => chain === 'forward').slice(-2);
    expect(last.map(({ expr }) => expr.at(-1))).toEqual([{ drop: null }, { drop: null }]);
  });

  test('what comes over a bridge never reaches 127.0.0.1 (CVE-2020-8558)', () => {
    expect(rules([blue], []).filter(({ chain }) => chain === 'raw')[0]?.expr).toEqual([
      { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'blue' } },
      {
        match: {
          op: '==',
          left: { payload: { protocol: 'ip', field: 'daddr' } },
          right: { prefix: { addr: '127.0.0.0', len: 8 } },
        },
      },
      { drop: null },
    ]);
  });
});
