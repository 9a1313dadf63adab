/** The verbs at run time: arguments in, changed section out. */
import { rejected, type VerbResult, type Verbs } from '@haco/plan';
import type { DnsOptions, NetworkInput, NetworkMethods, PublishOptions } from './methods.js';
import { bridge } from './modes/bridge.js';
import { modeKinds } from './modes/index.js';
import { namedNamespaces, type JoinMode } from './modes/join.js';
import { modePath } from './modes/mode.js';
import { pasta } from './modes/pasta.js';
import { slirp } from './modes/slirp.js';
import type { NetworkMode, NetworkSection } from './section.js';

type Outcome = VerbResult<NetworkSection>;

const words: Readonly<Record<string, () => NetworkMode>> = {
  none: () => ({ kind: 'none' }),
  host: () => ({ kind: 'host' }),
  bridge,
  pasta,
  slirp,
};

function joinMode(target: unknown): JoinMode | undefined {
  if (typeof target === 'string') {
    const path = target.includes('/') ? target : `${namedNamespaces}/${target}`;
    return { kind: 'join', path };
  }
  const pid = typeof target === 'object' && target !== null && 'pid' in target ? target.pid : target;
  return typeof pid === 'number' ? { kind: 'join', pid } : undefined;
}

function modeOf(input: unknown): NetworkMode | undefined {
  if (typeof input === 'string') return Object.hasOwn(words, input) ? words[input]?.() : undefined;
  if (typeof input !== 'object' || input === null) return undefined;
  if ('join' in input) return joinMode(input.join);
  // Made by bridge(), cni(), pasta() or slirp(); whatever else is in there is found by `validate`.
  return 'kind' in input && modeKinds.includes(input.kind as NetworkMode['kind']) ? (input as NetworkMode) : undefined;
}

function network(section: NetworkSection, input: NetworkInput): Outcome {
  const mode = modeOf(input);
  return mode === undefined
    ? rejected(
        modePath,
        'must be "none", "host", "bridge", "pasta", "slirp", { join: name, path, pid or container }, or what bridge(), cni(), pasta() or slirp() gives',
      )
    : { ...section, mode };
}

function publish(
  section: NetworkSection,
  hostPort: number,
  containerPort: number = hostPort,
  options: PublishOptions = {},
): Outcome {
  const { protocol = 'tcp', address } = options;
  const port = { hostPort, containerPort, protocol, ...(address === undefined ? {} : { address }) };
  return { ...section, ports: [...section.ports, port] };
}

function dns(section: NetworkSection, { servers, search, options }: DnsOptions): Outcome {
  return {
    ...section,
    dns: {
      ...(servers === undefined ? {} : { servers }),
      ...(search === undefined ? {} : { search }),
      ...(options === undefined ? {} : { options }),
    },
  };
}

export const verbs: Verbs<NetworkSection, NetworkMethods> = { network, publish, dns };
