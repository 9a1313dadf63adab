/** Services as quadlets: units of systemd that podman makes services of, one file for each container. */
import { portText, securityOptions } from './compose.js';
import { seconds } from './given.js';
import { askedAttributes, otherAttributes, propagationOf, tmpfsOptions } from './mount-words.js';
import type { Missing, Report } from './report.js';
import type { Service } from './service.js';
import { nameOfSignal } from './signals.js';
import { unitWord, unitWords, type UnitSection } from './unit-text.js';

type Entry = readonly [key: string, value: string];

/** One file. */
export interface Quadlet {
  /** `<name>.container`; systemd then has `<name>.service`. */
  readonly file: string;
  readonly sections: readonly UnitSection[];
}

/** The files. Keys are those of podman 4.4, the first with quadlets; what only later ones have a key for is an option of podman. */
export function quadlets(
  services: readonly Service[],
  runtime: string | undefined,
  report: Report,
): readonly Quadlet[] {
  return services.map((service) => {
    const missing = (path: string, reason: string): void => {
      report.missing(service, path, reason);
    };
    reportMissing(service, missing);
    const needs = [...service.dependsOn.map(({ entry }) => entry), ...service.shares.map(({ entry }) => entry[1])];
    const units = [...new Set(needs)].map((name) => `${name}.service`).join(' ');
    return {
      file: `${service.name}.container`,
      sections: [
        {
          name: 'Unit',
          entries: [
            ...(units === ''
              ? []
              : ([
                  ['Requires', units],
                  ['After', units],
                ] as const)),
            // Else systemd gives up after five starts in ten seconds.
            ...(startsAgain(service) ? [['StartLimitIntervalSec', '0'] as const] : []),
          ],
        },
        { name: 'Container', entries: containerEntries(service, runtime, missing) },
        { name: 'Service', entries: serviceEntries(service) },
        { name: 'Install', entries: startsAtBoot(service) ? [['WantedBy', 'multi-user.target default.target']] : [] },
      ],
    };
  });
}

function startsAgain({ supervision: { restart } }: Service): boolean {
  return restart !== undefined && restart.policy !== 'no';
}

function startsAtBoot({ supervision: { restart } }: Service): boolean {
  return restart?.policy === 'always' || restart?.policy === 'unless-stopped';
}

/** Words that can't be quoted so that they survive both quadlet and systemd. */
const unsayable: ReadonlyMap<string, string> = new Map([
  // extractFirstWord() of podman's pkg/systemd/parser/split.go.
  ['', 'quadlet takes an empty word as the end of the command'],
  // Quadlet takes its quotes away, and to systemd it then ends the command.
  [';', 'systemd takes this word as the end of the command'],
]);

function reportMissing({ domainname, readiness, supervision, command, labels }: Service, missing: Missing): void {
  if (domainname !== undefined) missing('namespaces.domainname', 'podman has no word for it');
  for (const { from } of readiness) missing(from, 'systemd takes a container as ready when it runs');
  const { restart, logs } = supervision;
  if (restart?.max !== undefined) missing('supervision.restart.max', 'systemd counts starts in a time, not in a row');
  if (restart !== undefined && restart.backoff !== 2) {
    missing('supervision.restart.backoff', 'systemd always makes the same pause');
  }
  if (logs?.to === 'syslog') missing('supervision.logs.to', 'podman has no syslog, the journal is written');
  if (logs?.file !== undefined) missing('supervision.logs.file', 'podman chooses where its files are');
  if (logs?.socket !== undefined) missing('supervision.logs.socket', 'podman finds the socket itself');
  const [, ...args] = command ?? [];
  args.forEach((word, index) => {
    const why = unsayable.get(word);
    if (why !== undefined) missing(`process.command.args[${String(index)}]`, why);
  });
  for (const [key] of labels) {
    if (key.includes('=')) missing(`identity.metadata[${JSON.stringify(key)}]`, 'the name of an annotation has no "="');
  }
}

function containerEntries(service: Service, runtime: string | undefined, missing: Missing): readonly Entry[] {
  const { image, name, command, env, labels, noNewPrivileges, readonlyRoot, ports } = service;
  const [file, ...args] = command ?? [];
  const option = (flag: string, value: string | number | undefined): readonly Entry[] =>
    value === undefined ? [] : [['PodmanArgs', unitWord(`--${flag}=${String(value)}`)]];
  const each = (flag: string, values: readonly string[] = []): readonly Entry[] =>
    values.flatMap((value) => option(flag, value));
  return [
    ['Image', unitWord(image)],
    ['ContainerName', unitWord(name)],
    ...(runtime === undefined ? [] : [['GlobalArgs', unitWord(`--runtime=${runtime}`)] as const]),
    // As JSON, since there it is the whole of it, whatever the image has.
    ...option('entrypoint', file === undefined ? undefined : JSON.stringify([file])),
    ...(args.length === 0 ? [] : [['Exec', unitWords(args)] as const]),
    ...option('workdir', service.workdir),
    ...env.map(([key, value]): Entry => ['Environment', unitWord(`${key}=${value}`)]),
    ...userEntries(service, option, each),
    ...option('umask', service.umask?.toString(8).padStart(4, '0')),
    ...option('oom-score-adj', service.oomScoreAdj),
    ...(service.terminal ? option('tty', 'true') : []),
    ...(service.init ? [['RunInit', 'true'] as const] : []),
    ...option('hostname', hostnameOf(service)),
    ...namespaceEntries(service, option, missing),
    ...ports.map((port): Entry => ['PublishPort', portText(port)]),
    ...each('dns', service.dns?.servers),
    ...each('dns-search', service.dns?.search),
    ...each('dns-option', service.dns?.options),
    ...each(
      'sysctl',
      service.sysctls.map(([key, value]) => `${key}=${value}`),
    ),
    ...capEntries(service),
    ...(noNewPrivileges ? [['NoNewPrivileges', 'true'] as const] : []),
    ...each('security-opt', podmanSecurity(service)),
    ...(readonlyRoot ? [['ReadOnly', 'true'] as const, ...option('read-only-tmpfs', 'false')] : []),
    ...limitEntries(service, option),
    ...mountEntries(service, each, missing),
    ...labels.map(([key, value]): Entry => ['Annotation', unitWord(`${key}=${value}`)]),
    ...supervisionEntries(service, option),
  ];
}

type Option = (flag: string, value: string | number | undefined) => readonly Entry[];
type Each = (flag: string, values: readonly string[]) => readonly Entry[];

/** Nobody names a uts namespace that belongs to others. */
function hostnameOf({ hostname, shares }: Service): string | undefined {
  return shares.some(({ entry: [kind] }) => kind === 'uts' || kind === 'net') ? undefined : hostname;
}

function userEntries({ user, ownUsers }: Service, option: Option, each: Each): readonly Entry[] {
  const whole = user.gid === undefined ? String(user.uid) : `${String(user.uid)}:${String(user.gid)}`;
  return [
    ...option('user', whole),
    ...each('group-add', user.groups.map(String)),
    ...option('userns', ownUsers ? 'auto' : undefined),
  ];
}

function namespaceEntries({ network, ofHost, shares }: Service, option: Option, missing: Missing): readonly Entry[] {
  const shared = new Map(shares.map(({ entry: [kind, name], from }) => [kind, { with: `container:${name}`, from }]));
  for (const [kind, { from }] of shared) {
    if (!['net', 'pid', 'ipc', 'uts', 'cgroup', 'user'].includes(kind))
      missing(from, `podman shares no ${kind} namespace`);
  }
  const net = shared.get('net')?.with ?? (network === 'own' ? undefined : network);
  return [
    ...(net === undefined ? [] : [['Network', unitWord(net)] as const]),
    ...option('pid', shared.get('pid')?.with ?? (ofHost.pid ? 'host' : undefined)),
    ...option('ipc', shared.get('ipc')?.with ?? (ofHost.ipc ? 'host' : undefined)),
    ...option('uts', shared.get('uts')?.with),
    ...option('cgroupns', shared.get('cgroup')?.with),
    ...option('userns', shared.get('user')?.with),
  ];
}

function capEntries({ caps }: Service): readonly Entry[] {
  if (caps === undefined) return [];
  // Not both: podman refuses to drop all and add all.
  if (caps === 'all') return [['AddCapability', 'all']];
  return [['DropCapability', 'all'], ...(caps.length === 0 ? [] : [['AddCapability', caps.join(' ')] as const])];
}

function podmanSecurity(service: Service): readonly string[] {
  // The first has a key of its own; podman wants "=" where docker takes ":", too.
  const rest = securityOptions({ ...service, noNewPrivileges: false }).map((one) => one.replace(':', '='));
  return [...rest, ...service.masked.map(({ entry }) => `mask=${entry}`)];
}

function limitEntries({ limits, rlimits }: Service, option: Option): readonly Entry[] {
  const { memory, swap, reservation, cpus, shares, cpuset, mems, pids } = limits;
  const bytes = (limit: { readonly value: number } | undefined): string | undefined =>
    limit === undefined ? undefined : limit.value < 0 ? '-1' : `${String(limit.value)}b`;
  return [
    ...option('memory', bytes(memory)),
    ...option('memory-swap', bytes(swap)),
    ...option('memory-reservation', bytes(reservation)),
    ...option('cpus', cpus?.value),
    ...option('cpu-shares', shares?.value),
    ...option('cpuset-cpus', cpuset?.value),
    ...option('cpuset-mems', mems?.value),
    ...option('pids-limit', pids?.value),
    ...rlimits.flatMap(({ kind, soft, hard }) => option('ulimit', `${kind}=${String(soft)}:${String(hard)}`)),
  ];
}

function mountEntries({ binds, tmpfs }: Service, each: Each, missing: Missing): readonly Entry[] {
  const noColon = (path: string, from: string): void => {
    if (path.includes(':')) missing(from, 'podman can’t tell a ":" in a path from its options');
  };
  const volumes = binds.map(({ entry, from }) => {
    noColon(entry.source, `${from}.source`);
    noColon(entry.target, `${from}.target`);
    for (const name of otherAttributes(entry)) missing(`${from}.${name}`, 'podman has no such option of a bind mount');
    const options = [
      entry.readonly === true ? 'ro' : 'rw',
      ...askedAttributes(entry),
      entry.recursive === false ? 'bind' : 'rbind',
      propagationOf(entry),
    ];
    return `${entry.source}:${entry.target}:${options.join(',')}`;
  });
  const filesystems = tmpfs.map(({ entry, from }) => {
    noColon(entry.target, `${from}.target`);
    for (const name of otherAttributes(entry)) missing(`${from}.${name}`, 'podman has no such option of a tmpfs');
    return `${entry.target}:${tmpfsOptions(entry)},notmpcopyup`;
  });
  return [...each('volume', volumes), ...each('tmpfs', filesystems)];
}

function supervisionEntries({ supervision }: Service, option: Option): readonly Entry[] {
  const { health, stop, logs } = supervision;
  const ms = (value: number): string => `${String(Math.ceil(value))}ms`;
  const check =
    health === undefined
      ? []
      : [
          ...option('health-cmd', JSON.stringify(health.command)),
          ...option('health-interval', ms(health.intervalMs)),
          ...option('health-timeout', ms(health.timeoutMs)),
          ...option('health-retries', health.retries),
          ...option('health-start-period', ms(health.startPeriodMs)),
          // To be killed is to have failed: systemd then starts it again as its policy says.
          ...option('health-on-failure', { nothing: 'none', restart: 'kill', stop: 'stop' }[health.onUnhealthy]),
        ];
  const drivers = { file: 'k8s-file', journald: 'journald', syslog: 'journald', none: 'none' } as const;
  return [
    ...check,
    ...(stop === undefined
      ? []
      : [...option('stop-signal', nameOfSignal(stop.signal)), ...option('stop-timeout', seconds(stop.timeoutMs))]),
    ...option('log-driver', logs === undefined ? undefined : drivers[logs.to]),
    // One file is what podman keeps: as large as all of them together.
    ...option('log-opt', logs?.to === 'file' ? `max-size=${String(logs.maxBytes * logs.files)}` : undefined),
  ];
}

const restarts = { no: 'no', always: 'always', 'on-failure': 'on-failure', 'unless-stopped': 'always' } as const;

function serviceEntries({ supervision: { restart }, timeoutMs }: Service): readonly Entry[] {
  return [
    ...(restart === undefined
      ? []
      : ([
          ['Restart', restarts[restart.policy]],
          ['RestartSec', `${String(restart.delayMs)}ms`],
        ] as const)),
    ...(timeoutMs === undefined ? [] : ([['RuntimeMaxSec', `${String(Math.ceil(timeoutMs))}ms`]] as const)),
  ];
}
