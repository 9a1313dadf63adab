/** A service as a container of a pod. */
import type { ReadinessEntry } from '@haco/core';
import type { MountAttributes } from '@haco/mounts';
import { given, seconds, type Fields } from './given.js';
import { isKubeVariable, kubeName, literal } from './kube-names.js';
import { askedAttributes, otherAttributes } from './mount-words.js';
import type { Missing, Report } from './report.js';
import type { Service } from './service.js';

/** The container; its volumes are those of the pod. */
export function kubeContainer(service: Service, report: Report): { container: Fields; volumes: readonly Fields[] } {
  const { image, command, workdir, terminal } = service;
  const missing = (path: string, reason: string): void => {
    report.missing(service, path, reason);
  };
  reportProcess(service, missing);
  const [file, ...args] = command ?? [];
  const { mounts, volumes } = kubeMounts(service, missing);
  const container = given({
    name: kubeName(service.name),
    image,
    command: file === undefined ? undefined : [literal(file)],
    args: args.map(literal),
    workingDir: workdir,
    tty: terminal ? true : undefined,
    stdin: terminal ? true : undefined,
    env: kubeEnv(service, missing),
    ports: kubePorts(service, missing),
    resources: kubeResources(service, missing),
    ...kubeProbes(service, missing),
    securityContext: kubeSecurity(service, missing),
    volumeMounts: mounts,
  });
  return { container, volumes };
}

function reportProcess({ umask, oomScoreAdj, init, rlimits, domainname, masked }: Service, missing: Missing): void {
  if (umask !== undefined) missing('process.umask', 'a container of Kubernetes has no umask of its own');
  if (oomScoreAdj !== undefined) missing('process.oomScoreAdj', 'Kubernetes derives it from the limits');
  if (init) missing('process.init', 'Kubernetes starts the command itself as first process');
  if (domainname !== undefined) missing('namespaces.domainname', 'Kubernetes has no NIS domains');
  for (const { kind } of rlimits) missing(`rlimits.${kind}`, 'Kubernetes has no such limits');
  for (const { from } of masked) missing(from, 'Kubernetes masks a list of its own');
}

function kubeEnv({ env }: Service, missing: Missing): readonly Fields[] {
  return env.flatMap(([name, value]) => {
    if (isKubeVariable(name)) return [{ name, value: literal(value) }];
    missing(`process.env[${JSON.stringify(name)}]`, 'Kubernetes takes no such name of a variable');
    return [];
  });
}

function kubePorts({ ports }: Service, missing: Missing): readonly Fields[] {
  return ports.map(({ hostPort, containerPort, protocol, address }, index) => {
    if (hostPort === 0)
      missing(`network.ports[${String(index)}]`, 'Kubernetes chooses no free port of a node; write a Service');
    return given({
      containerPort,
      protocol: protocol.toUpperCase(),
      hostPort: hostPort === 0 ? undefined : hostPort,
      hostIP: address,
    });
  });
}

function kubeResources({ limits }: Service, missing: Missing): Fields {
  const { memory, cpus, ...others } = limits;
  for (const [field, limit] of Object.entries(others)) {
    const why = field === 'pids' ? 'the number of processes is a setting of the node (podPidsLimit)' : undefined;
    missing(limit.from, why ?? 'Kubernetes limits memory and CPUs only');
  }
  // Thousandths are the smallest that there are.
  const cpu = cpus === undefined ? undefined : `${String(Math.max(1, Math.round(cpus.value * 1000)))}m`;
  return given({ limits: given({ cpu, memory: memory === undefined ? undefined : String(memory.value) }) });
}

function kubeSecurity(service: Service, missing: Missing): Fields {
  const { user, caps, ambient, noNewPrivileges, readonlyRoot, apparmor, selinux } = service;
  const id = (value: number | string | undefined, field: string): number | undefined => {
    if (typeof value !== 'string') return value;
    missing(`process.user.${field}`, 'Kubernetes has numbers only; give the number in place of the name');
    return undefined;
  };
  if (ambient !== undefined) missing(ambient, 'Kubernetes gives capabilities to root only, a user gets none of them');
  const label = selinux?.split(':');
  return given({
    runAsUser: id(user.uid, 'uid'),
    runAsGroup: id(user.gid, 'gid'),
    readOnlyRootFilesystem: readonlyRoot ? true : undefined,
    allowPrivilegeEscalation: !noNewPrivileges,
    capabilities: kubeCaps(caps),
    seccompProfile: kubeSeccomp(service, missing),
    appArmorProfile: apparmor === undefined ? undefined : kubeAppArmor(apparmor),
    seLinuxOptions:
      label === undefined
        ? undefined
        : given({ user: label[0], role: label[1], type: label[2], level: label.slice(3).join(':') || undefined }),
  });
}

/** Not both: podman refuses to drop all and add all. */
function kubeCaps(caps: Service['caps']): Fields | undefined {
  if (caps === undefined) return undefined;
  return caps === 'all' ? { add: ['ALL'] } : given({ drop: ['ALL'], add: caps });
}

function kubeAppArmor(profile: string): Fields {
  return profile === 'unconfined' ? { type: 'Unconfined' } : { type: 'Localhost', localhostProfile: profile };
}

function kubeSeccomp({ seccomp }: Service, missing: Missing): Fields {
  if (seccomp.kind === 'none') return { type: 'Unconfined' };
  if (seccomp.kind === 'file') {
    const remedy = 'put it there and name it in the manifest';
    missing('seccomp.filters[0]', `profiles lie in a directory of the kubelet, its default is written; ${remedy}`);
  }
  return { type: 'RuntimeDefault' };
}

const propagations = {
  private: 'None',
  unbindable: 'None',
  slave: 'HostToContainer',
  shared: 'Bidirectional',
} as const;

function kubeMounts(
  { name, binds, tmpfs }: Service,
  missing: Missing,
): { mounts: readonly Fields[]; volumes: readonly Fields[] } {
  const mounts: Fields[] = [];
  const volumes: Fields[] = [];
  const add = (volume: Fields, mount: Fields): void => {
    const own = `${kubeName(name).slice(0, 57).replace(/-+$/, '')}-${String(volumes.length)}`;
    volumes.push({ name: own, ...volume });
    mounts.push({ name: own, ...mount });
  };
  for (const { entry, from } of binds) {
    const { source, target, readonly: isReadonly, propagation = 'private', recursive } = entry;
    if (recursive === false) missing(`${from}.recursive`, 'Kubernetes binds with the mounts below');
    if (propagation === 'unbindable') missing(`${from}.propagation`, 'Kubernetes has no volumes that can not be bound');
    reportAttributes(entry, from, missing);
    // As the source is there for haco, it must be there for the kubelet: no type makes it.
    add({ hostPath: { path: source } }, given({
      mountPath: target,
      readOnly: isReadonly === true ? true : undefined,
      mountPropagation: propagations[propagation],
    })); // prettier-ignore
  }
  for (const { entry, from } of tmpfs) {
    const { target, size, mode, readonly: isReadonly } = entry;
    if (mode !== undefined && mode !== 0o777)
      missing(`${from}.mode`, 'a volume in memory has the mode 0777 in Kubernetes');
    reportAttributes(entry, from, missing);
    const sizeLimit = size === undefined ? undefined : String(size);
    add({ emptyDir: given({ medium: 'Memory', sizeLimit }) }, given({
      mountPath: target,
      readOnly: isReadonly === true ? true : undefined,
    })); // prettier-ignore
  }
  return { mounts, volumes };
}

/** Of a mount Kubernetes knows only whether it can be written to. */
function reportAttributes(entry: MountAttributes, from: string, missing: Missing): void {
  for (const name of [...askedAttributes(entry), ...otherAttributes(entry)]) {
    missing(`${from}.${name}`, 'Kubernetes has no options of mounts');
  }
}

function kubeProbes({ supervision: { health }, readiness }: Service, missing: Missing): Fields {
  const [first, ...others] = readiness;
  for (const { from } of others)
    missing(from, 'a container of Kubernetes has one readiness probe, the first is written');
  const ready = first === undefined ? undefined : kubeReadiness(first.entry);
  if (first !== undefined && ready === undefined) {
    missing(first.from, 'no probe of Kubernetes looks for that; ask by a command, a port or http');
  }
  if (health === undefined) return given({ readinessProbe: ready });
  if (health.onUnhealthy !== 'restart') {
    missing('supervision.health', 'what Kubernetes does with a container that is unwell is to restart it');
    return given({ readinessProbe: ready });
  }
  const livenessProbe = given({
    exec: { command: health.command.map(literal) },
    initialDelaySeconds: health.startPeriodMs === 0 ? undefined : seconds(health.startPeriodMs),
    periodSeconds: seconds(health.intervalMs),
    timeoutSeconds: seconds(health.timeoutMs),
    failureThreshold: health.retries,
  });
  return given({ livenessProbe, readinessProbe: ready });
}

function kubeReadiness({ port, command, http, intervalMs }: ReadinessEntry): Fields | undefined {
  const periodSeconds = Math.max(1, seconds(intervalMs));
  if (port !== undefined) return { tcpSocket: { port }, periodSeconds };
  if (command !== undefined) return { exec: { command: command.map(literal) }, periodSeconds };
  if (http === undefined || !URL.canParse(http)) return undefined;
  const { hostname, port: httpPort, pathname, search } = new URL(http);
  const isOwn = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return {
    httpGet: given({
      // Without a host, the address of the pod.
      host: isOwn ? undefined : hostname,
      path: `${pathname}${search}`,
      port: httpPort === '' ? 80 : Number(httpPort),
    }),
    periodSeconds,
  };
}
