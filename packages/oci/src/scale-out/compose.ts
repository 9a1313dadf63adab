/** Services as a compose file, for docker compose and podman-compose. */
import { given, seconds, type Fields } from './given.js';
import { askedAttributes, otherAttributes, propagationOf, tmpfsOptions } from './mount-words.js';
import { reportPauses } from './pauses.js';
import type { Missing, Report } from './report.js';
import type { Service } from './service.js';
import { nameOfSignal } from './signals.js';

/** A file of the compose specification, in words that version 1.29 knows, too. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The file. */
export function composeFile(services: readonly Service[], runtime: string | undefined, report: Report): ComposeFile {
  const watched = new Set(services.filter((service) => healthOf(service) !== undefined).map(({ name }) => name));
  const entries = services.map((service) => [service.name, composeService(service, { runtime, watched, report })]);
  return escaped({ services: Object.fromEntries(entries) as ComposeFile['services'] });
}

/** `$NAME` would be replaced by a variable of whoever calls compose: doubled in every text, but not in keys, where nothing is replaced. */
function escaped<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$') as T;
  if (Array.isArray(value)) return value.map((item: unknown) => escaped(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, escaped(item)])) as T;
}

interface Around {
  readonly runtime: string | undefined;
  /** Services with a check of their health. */
  readonly watched: ReadonlySet<string>;
  readonly report: Report;
}

function composeService(service: Service, { runtime, watched, report }: Around): Fields {
  const missing = (path: string, reason: string): void => {
    report.missing(service, path, reason);
  };
  reportMissing(service, missing);
  reportPauses(service, 'the engine', report);
  const { image, name, command, workdir, env, user, oomScoreAdj, terminal, init, readonlyRoot, hostname } = service;
  const [file, ...args] = command ?? [];
  const { network, dns, ofHost, sysctls, labels, dependsOn, supervision } = service;
  const shared = composeShares(service, missing);
  return given({
    image,
    container_name: name,
    runtime,
    entrypoint: file === undefined ? undefined : [file],
    command: args,
    working_dir: workdir,
    environment: env.map(([key, value]) => `${key}=${value}`),
    user: user.gid === undefined ? String(user.uid) : `${String(user.uid)}:${String(user.gid)}`,
    group_add: user.groups.map(String),
    oom_score_adj: oomScoreAdj,
    tty: terminal ? true : undefined,
    stdin_open: terminal ? true : undefined,
    init: init ? true : undefined,
    read_only: readonlyRoot ? true : undefined,
    hostname: shared.network_mode === undefined && network !== 'host' ? hostname : undefined,
    domainname: service.domainname,
    pid: ofHost.pid ? 'host' : undefined,
    ipc: ofHost.ipc ? 'host' : undefined,
    network_mode: network === 'own' ? undefined : network,
    ...shared,
    ports: service.ports.map(portText),
    dns: dns?.servers,
    dns_search: dns?.search,
    dns_opt: dns?.options,
    sysctls: sysctls.map(([key, value]) => `${key}=${value}`),
    ...composeCaps(service, missing),
    security_opt: securityOptions(service),
    ...composeLimits(service, missing),
    volumes: composeVolumes(service, missing),
    tmpfs: composeTmpfs(service, missing),
    labels: labels.map(([key, value]) => `${key}=${value}`),
    restart: composeRestart(service),
    healthcheck: healthOf(service),
    stop_signal: supervision.stop === undefined ? undefined : nameOfSignal(supervision.stop.signal),
    stop_grace_period: supervision.stop === undefined ? undefined : `${String(seconds(supervision.stop.timeoutMs))}s`,
    logging: composeLogging(service, missing),
    depends_on: Object.fromEntries(
      dependsOn.map(({ entry }) => [entry, { condition: watched.has(entry) ? 'service_healthy' : 'service_started' }]),
    ),
  });
}

function reportMissing(service: Service, missing: Missing): void {
  const { umask, ownUsers, masked, timeoutMs, readiness, supervision, labels } = service;
  if (umask !== undefined) missing('process.umask', 'compose has no word for it');
  if (ownUsers) missing('namespaces.unshare', 'user namespaces are a setting of the engine (userns-remap)');
  for (const { from } of masked) missing(from, 'the engine masks a list of its own');
  if (timeoutMs !== undefined) missing('control.timeoutMs', 'compose lets containers run without end');
  const why = 'compose has one check, its healthcheck';
  readiness.forEach(({ entry, from }, index) => {
    if (index > 0 || supervision.health !== undefined) missing(from, `${why}, which another one is`);
    else if (entry.command === undefined) missing(from, `${why}, and that is a command`);
  });
  const action = supervision.health?.onUnhealthy ?? 'nothing';
  if (action !== 'nothing') {
    missing('supervision.health.onUnhealthy', 'the engine tells that a container is unwell, and does nothing');
  }
  for (const [key] of labels) {
    if (key.includes('=')) missing(`identity.metadata[${JSON.stringify(key)}]`, 'the name of a label has no "="');
  }
}

function composeShares({ shares }: Service, missing: Missing): Fields {
  const words = new Map<string, string>([
    ['net', 'network_mode'],
    ['pid', 'pid'],
    ['ipc', 'ipc'],
  ]);
  return Object.fromEntries(
    shares.flatMap(({ entry: [kind, other], from }) => {
      const word = words.get(kind);
      if (word !== undefined) return [[word, `service:${other}`]];
      missing(from, `compose shares no ${kind} namespace`);
      return [];
    }),
  );
}

/** The short form, which every version takes; without a port of the host, a free one. */
export function portText(port: Service['ports'][number]): string {
  const { hostPort, containerPort, protocol, address } = port;
  const host = address === undefined ? '' : address.includes(':') ? `[${address}]:` : `${address}:`;
  const published = hostPort === 0 ? (host === '' ? '' : ':') : `${String(hostPort)}:`;
  return `${host}${published}${String(containerPort)}/${protocol}`;
}

function composeCaps({ caps, ambient }: Service, missing: Missing): Fields {
  if (ambient !== undefined) missing(ambient, 'docker gives capabilities to root only, a user gets none of them');
  if (caps === undefined) return {};
  return caps === 'all' ? { cap_add: ['ALL'] } : { cap_drop: ['ALL'], cap_add: caps };
}

/** As `--security-opt` of docker and podman. */
export function securityOptions({ noNewPrivileges, seccomp, apparmor, selinux }: Service): readonly string[] {
  const label = selinux?.split(':');
  const parts = [
    ['user', label?.[0]],
    ['role', label?.[1]],
    ['type', label?.[2]],
    ['level', label?.slice(3).join(':')],
  ] as const;
  return [
    ...(noNewPrivileges ? ['no-new-privileges:true'] : []),
    ...(seccomp.kind === 'none' ? ['seccomp:unconfined'] : []),
    ...(seccomp.kind === 'file' ? [`seccomp:${seccomp.file}`] : []),
    ...(apparmor === undefined ? [] : [`apparmor:${apparmor}`]),
    ...parts.flatMap(([part, value]) => (value === undefined || value === '' ? [] : [`label:${part}:${value}`])),
  ];
}

function composeLimits({ limits, rlimits }: Service, missing: Missing): Fields {
  const { memory, swap, reservation, cpus, shares, cpuset, mems, pids } = limits;
  if (mems !== undefined) missing(mems.from, 'compose has no word for it');
  return {
    mem_limit: memory?.value,
    memswap_limit: swap?.value,
    mem_reservation: reservation?.value,
    cpus: cpus?.value,
    cpu_shares: shares?.value,
    cpuset: cpuset?.value,
    pids_limit: pids?.value,
    ulimits: Object.fromEntries(rlimits.map(({ kind, soft, hard }) => [kind, { soft, hard }])),
  };
}

function composeVolumes({ binds }: Service, missing: Missing): readonly Fields[] {
  return binds.map(({ entry, from }) => {
    if (entry.recursive === false) missing(`${from}.recursive`, 'compose binds with the mounts below');
    for (const name of askedAttributes(entry)) {
      missing(`${from}.${name}`, 'compose has no such option of a bind mount');
    }
    for (const name of otherAttributes(entry)) missing(`${from}.${name}`, 'compose has no word for it');
    return given({
      type: 'bind',
      source: entry.source,
      target: entry.target,
      read_only: entry.readonly === true ? true : undefined,
      bind: { propagation: propagationOf(entry) },
    });
  });
}

function composeTmpfs({ tmpfs }: Service, missing: Missing): readonly string[] {
  return tmpfs.map(({ entry, from }) => {
    for (const name of otherAttributes(entry)) missing(`${from}.${name}`, 'compose has no word for it');
    if (entry.target.includes(':')) missing(`${from}.target`, 'a path with ":" can’t be told from its options');
    return `${entry.target}:${tmpfsOptions(entry)}`;
  });
}

function composeRestart({ supervision: { restart } }: Service): string | undefined {
  if (restart === undefined) return undefined;
  const { policy, max } = restart;
  return policy === 'on-failure' && max !== undefined ? `${policy}:${String(max)}` : policy;
}

/** The health, or else the one condition of readiness that is a command: those that depend on a service wait for it. */
function healthOf({ supervision: { health }, readiness: [ready] }: Service): Fields | undefined {
  const ms = (value: number): string => `${String(Math.ceil(value))}ms`;
  if (health !== undefined) {
    const { command, intervalMs, timeoutMs, retries, startPeriodMs } = health;
    return {
      test: ['CMD', ...command],
      interval: ms(intervalMs),
      timeout: ms(timeoutMs),
      retries,
      start_period: ms(startPeriodMs),
    };
  }
  if (ready?.entry.command === undefined) return undefined;
  const { command, intervalMs, timeoutMs } = ready.entry;
  return { test: ['CMD', ...command], interval: ms(intervalMs), start_period: ms(timeoutMs) };
}

function composeLogging({ supervision: { logs } }: Service, missing: Missing): Fields | undefined {
  if (logs === undefined) return undefined;
  const { to, file, maxBytes, files, socket } = logs;
  if (file !== undefined) missing('supervision.logs.file', 'the engine chooses where its files are');
  if (socket !== undefined) missing('supervision.logs.socket', 'the engine finds the socket itself');
  if (to !== 'file') return { driver: to };
  return { driver: 'json-file', options: { 'max-size': String(maxBytes), 'max-file': String(files) } };
}
