/** Namespaces and network of a spec as engines say them. Mount, uts and cgroup namespaces every container of theirs has. */
import type { Export } from '../export/export.js';
import type { Missing } from './report.js';
import type { Service } from './service.js';

type Namespaces = Pick<Service, 'hostname' | 'domainname' | 'ofHost' | 'network' | 'ports' | 'dns' | 'sysctls'>;
/** What it shares, and how it is reached; what engines have no word for is told. */
export function readNamespaces({ sections, facts }: Export, missing: Missing): Namespaces {
  const { namespaces, network, identity } = sections;
  const { enter, persist, hostname, domainname, timeOffsets, sysctls = {} } = namespaces;
  enter.forEach(({ kind }, index) => {
    missing(
      `namespaces.enter[${String(index)}]`,
      `engines enter no ${kind} namespace of others; share it in a cluster`,
    );
  });
  persist.forEach((_, index) => {
    missing(`namespaces.persist[${String(index)}]`, 'engines keep no namespaces');
  });
  if (facts.unshared.includes('time') || timeOffsets !== undefined) {
    missing(
      timeOffsets === undefined ? 'namespaces.unshare' : 'namespaces.timeOffsets',
      'engines have no time namespaces',
    );
  }
  const own = (kind: 'pid' | 'ipc' | 'net'): boolean => facts.unshared.includes(kind) || facts.entered.includes(kind);
  return {
    hostname: hostname ?? (facts.unshared.includes('uts') ? identity.name : undefined),
    domainname,
    ofHost: { pid: !own('pid'), ipc: !own('ipc') },
    network: readNetwork(network, own('net'), missing),
    ports: network.ports,
    dns: network.dns,
    sysctls: Object.entries(sysctls),
  };
}

/** What is said of a network besides its kind, and is what is meant where nothing is said. */
const usual: Readonly<Record<string, unknown>> = {
  name: 'haco0',
  subnets: ['10.213.0.0/16'],
  addresses: [],
  internal: false,
  forwarding: 'required',
  hostLoopback: false,
};

function readNetwork({ mode }: Export['sections']['network'], own: boolean, missing: Missing): Service['network'] {
  if (mode === undefined) return own ? 'none' : 'host';
  if (mode.kind === 'none' || mode.kind === 'host') return mode.kind;
  if (mode.kind === 'join') {
    missing('network.mode', 'engines join no network of others; share it in a cluster');
    return 'none';
  }
  if (mode.kind === 'cni') {
    missing('network.mode', 'the network is that of the engine, which has CNI networks of its own');
    return 'own';
  }
  for (const [field, value] of Object.entries(mode)) {
    if (field === 'kind' || JSON.stringify(value) === JSON.stringify(usual[field])) continue;
    // What slirp4netns takes where nothing is said.
    if (mode.kind === 'slirp' && field === 'mtu' && value === 65_520) continue;
    // Who switches forwarding on is no property of the container.
    if (field === 'forwarding' || value === undefined) continue;
    missing(`network.mode.${field}`, 'the network is that of the engine');
  }
  return 'own';
}
