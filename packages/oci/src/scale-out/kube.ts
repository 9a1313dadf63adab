/** Services as objects of Kubernetes: a Deployment or a Pod for each, and one Pod for those that share namespaces. */
import { given, seconds, type Fields } from './given.js';
import { reportPauses } from './pauses.js';
import { kubeContainer } from './kube-container.js';
import { isKubeKey, kubeName } from './kube-names.js';
import type { Report } from './report.js';
import type { Service } from './service.js';

/** An object of Kubernetes. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The objects, in the order of the services. */
export function kubeObjects(
  services: readonly Service[],
  runtimeClass: string | undefined,
  report: Report,
): readonly KubeObject[] {
  return podsOf(services).map((pod) => kubeObject(pod, runtimeClass, report));
}

/** Services that share a namespace are one pod, and so are those that share with them. */
function podsOf(services: readonly Service[]): readonly (readonly [Service, ...Service[]])[] {
  const podOf = new Map(services.map((service) => [service.name, service.name]));
  const rootOf = (name: string): string => {
    const above = podOf.get(name) ?? name;
    return above === name ? name : rootOf(above);
  };
  for (const { name, shares } of services) {
    for (const { entry } of shares) podOf.set(rootOf(name), rootOf(entry[1]));
  }
  const pods = new Map<string, [Service, ...Service[]]>();
  for (const service of services) {
    const root = rootOf(service.name);
    const pod = pods.get(root);
    if (pod === undefined) pods.set(root, [service]);
    else pod.push(service);
  }
  return [...pods.values()];
}

function kubeObject(
  pod: readonly [Service, ...Service[]],
  runtimeClass: string | undefined,
  report: Report,
): KubeObject {
  // Who shares nothing of others has the namespaces that all are in.
  const owner = pod.find(({ shares }) => shares.length === 0) ?? pod[0];
  for (const service of pod) reportNames(service, report);
  const made = pod.map((service) => kubeContainer(service, report));
  const restartPolicy = kubeRestart(pod, owner, report);
  const isDeployment = pod.length === 1 && restartPolicy === 'Always';
  const spec = given({
    runtimeClassName: runtimeClass,
    ...kubeNamespaces(pod, owner, report),
    ...kubeUsers(pod, owner, report),
    ...kubeTimes(pod, owner, { isDeployment, report }),
    restartPolicy,
    // Nothing in the definition speaks with Kubernetes: no token of its API for what runs there.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    containers: made.map(({ container }) => container),
    volumes: made.flatMap(({ volumes }) => volumes),
  });
  const name = kubeName(owner.name);
  const labels = { 'app.kubernetes.io/name': name };
  const annotations = kubeAnnotations(pod, report);
  if (!isDeployment) return { apiVersion: 'v1', kind: 'Pod', metadata: given({ name, labels, annotations }), spec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      // Two of a name never run at once, as with haco: a new one may want the ports and files of the old one.
      strategy: { type: 'Recreate' },
      template: { metadata: given({ labels, annotations }), spec },
    },
  };
}

function reportNames(service: Service, report: Report): void {
  const name = kubeName(service.name);
  if (name !== service.name) {
    report.missing(service, 'identity.name', `names of Kubernetes have a-z, 0-9 and "-"; it is written as "${name}"`);
  }
  for (const { from } of service.dependsOn) {
    report.missing(service, from, 'Kubernetes starts everything at once; what needs another must try again');
  }
}

/** What holds for a pod as a whole: of its owner; where another container wants something else, that is told. */
function agreed<T>(
  pod: readonly Service[],
  owner: Service,
  { of, path, report }: { readonly of: (service: Service) => T; readonly path: string; readonly report: Report },
): T {
  const value = of(owner);
  for (const service of pod) {
    const other = of(service);
    if (other === undefined || JSON.stringify(other) === JSON.stringify(value)) continue;
    report.missing(service, path, `a pod has one for all its containers, that of "${owner.name}" is written`);
  }
  return value;
}

function kubeNamespaces(pod: readonly Service[], owner: Service, report: Report): Fields {
  const alone = pod.length === 1;
  const sharesPid = pod.some(({ shares }) => shares.some(({ entry: [kind] }) => kind === 'pid'));
  for (const service of pod) reportShares(service, { pod, owner, sharesPid, report });
  const { network, ofHost, ownUsers, hostname } = owner;
  if (network === 'none') {
    const why = 'a pod is always in the network of its cluster; a NetworkPolicy can deny what it may reach';
    report.missing(owner, 'network.mode', why);
  }
  const named = hostname !== undefined && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(hostname);
  // The name of the pod that Kubernetes would take is told already.
  if (hostname !== undefined && !named && hostname !== owner.name) {
    report.missing(owner, 'namespaces.hostname', 'a pod’s name has a-z, 0-9 and "-"');
  }
  const dns = agreed(pod, owner, { of: (service) => service.dns, path: 'network.dns', report });
  const onHost = network === 'host' ? 'ClusterFirstWithHostNet' : undefined;
  return {
    hostname: named ? hostname : undefined,
    hostNetwork: network === 'host' ? true : undefined,
    hostPID: ofHost.pid && !sharesPid ? true : undefined,
    hostIPC: ofHost.ipc ? true : undefined,
    hostUsers: ownUsers ? false : undefined,
    shareProcessNamespace: !alone && sharesPid ? true : undefined,
    // With servers of its own, nothing of the cluster's.
    dnsPolicy: dns?.servers === undefined ? onHost : 'None',
    dnsConfig: dns === undefined ? undefined : given({
      nameservers: dns.servers,
      searches: dns.search,
      options: dns.options?.map(dnsOption),
    }), // prettier-ignore
  };
}

/** `ndots:2` is a name and a value. */
function dnsOption(option: string): Fields {
  const at = option.indexOf(':');
  return at < 0 ? { name: option } : { name: option.slice(0, at), value: option.slice(at + 1) };
}

interface InPod {
  readonly pod: readonly Service[];
  readonly owner: Service;
  readonly sharesPid: boolean;
  readonly report: Report;
}

/** Containers of a pod share net, ipc and uts; pid all of them or none; nothing else. */
function reportShares(service: Service, { pod, owner, sharesPid, report }: InPod): void {
  const kinds = service.shares.map(({ entry: [kind] }) => kind);
  for (const { entry, from } of service.shares) {
    if (['net', 'ipc', 'uts', 'pid'].includes(entry[0])) continue;
    report.missing(service, from, `containers of a pod share no ${entry[0]} namespace`);
  }
  if (pod.length === 1 || service === owner) return;
  if (sharesPid && !kinds.includes('pid')) {
    report.missing(
      service,
      'namespaces.unshare',
      'the containers of a pod share their pid namespace all or not at all',
    );
  }
  const ofPod = "a pod has one for all its containers, and that is the node's";
  if (owner.ofHost.pid && !sharesPid && !service.ofHost.pid) report.missing(service, 'namespaces.unshare', ofPod);
  if (service.ownUsers && !owner.ownUsers) report.missing(service, 'namespaces.unshare', ofPod);
  // Only where it would have one of its own.
  const own = { net: service.network !== 'host', ipc: !service.ofHost.ipc };
  for (const kind of ['net', 'ipc'] as const) {
    if (kinds.includes(kind) || !own[kind]) continue;
    const path = kind === 'net' ? 'network.mode' : 'namespaces.unshare';
    report.missing(service, path, `the containers of a pod share their ${kind} namespace`);
  }
}

function kubeUsers(pod: readonly Service[], owner: Service, report: Report): Fields {
  const groups = agreed(pod, owner, { of: ({ user }) => user.groups, path: 'process.user.groups', report });
  const sysctls = agreed(pod, owner, { of: (service) => service.sysctls, path: 'namespaces.sysctls', report });
  groups.forEach((group, index) => {
    if (typeof group === 'number') return;
    report.missing(owner, `process.user.groups[${String(index)}]`, 'Kubernetes has numbers only');
  });
  const securityContext = given({
    supplementalGroups: groups.filter((group) => typeof group === 'number'),
    sysctls: sysctls.map(([name, value]) => ({ name, value })),
  });
  return { securityContext };
}

/** In numbers, as `stop` has it. */
const SIGTERM = 15;

function kubeTimes(
  pod: readonly Service[],
  owner: Service,
  { isDeployment, report }: { readonly isDeployment: boolean; readonly report: Report },
): Fields {
  for (const service of pod) {
    const { stop, logs } = service.supervision;
    if (stop !== undefined && stop.signal !== SIGTERM) {
      report.missing(
        service,
        'supervision.stop.signal',
        'Kubernetes sends the signal that the image names, or SIGTERM',
      );
    }
    if (logs !== undefined) report.missing(service, 'supervision.logs', 'logs are kept by the node');
  }
  const grace = agreed(pod, owner, {
    of: ({ supervision: { stop } }) => stop?.timeoutMs,
    path: 'supervision.stop.timeoutMs',
    report,
  });
  const limit = agreed(pod, owner, { of: ({ timeoutMs }) => timeoutMs, path: 'control.timeoutMs', report });
  if (limit !== undefined && isDeployment) {
    report.missing(
      owner,
      'control.timeoutMs',
      'a Deployment runs without end; give it no restart(), and it becomes a Pod',
    );
  }
  return {
    terminationGracePeriodSeconds: grace === undefined ? undefined : seconds(grace),
    activeDeadlineSeconds: limit === undefined || isDeployment ? undefined : seconds(limit),
  };
}

const policies = { no: 'Never', always: 'Always', 'on-failure': 'OnFailure', 'unless-stopped': 'Always' } as const;

function kubeRestart(
  pod: readonly Service[],
  owner: Service,
  report: Report,
): (typeof policies)[keyof typeof policies] {
  for (const service of pod) {
    if (service.supervision.restart?.max !== undefined) {
      report.missing(service, 'supervision.restart.max', 'Kubernetes starts again without end');
    }
    reportPauses(service, 'Kubernetes', report);
  }
  return agreed(pod, owner, {
    of: ({ supervision: { restart } }) => policies[restart?.policy ?? 'no'],
    path: 'supervision.restart.policy',
    report,
  });
}

function kubeAnnotations(pod: readonly Service[], report: Report): Fields {
  const all: [string, string][] = [];
  for (const service of pod) {
    for (const [key, value] of service.labels) {
      const path = `identity.metadata[${JSON.stringify(key)}]`;
      if (!isKubeKey(key)) report.missing(service, path, 'Kubernetes takes no such name of an annotation');
      else if (all.some(([known, text]) => known === key && text !== value)) {
        report.missing(service, path, 'a pod has one annotation of a name');
      } else all.push([key, value]);
    }
  }
  return Object.fromEntries(all);
}
