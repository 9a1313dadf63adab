/** A network of CNI plugins: whatever their configuration says. */
import {
  missingRights,
  issue,
  optional,
  parseText,
  quote,
  readList,
  readObject,
  readOneOf,
  readText,
  type Issue,
  type Reader,
} from '@haco/plan';
import { attachBarrier } from '../barriers.js';
import { isInterfaceName } from '../interface-name.js';
import { planLoopback } from '../loopback.js';
import { modePath, ownNamespace, type ModeRow } from './mode.js';

/** The container is connected by a chain of plugins. Exactly one of `network` and `config` is given. */
export interface CniMode {
  readonly kind: 'cni';
  /** Name of a network, which a file in `configDir` configures. */
  readonly network?: string;
  /** Absolute path of a `.conflist`, `.conf` or `.json` file. */
  readonly config?: string;
  readonly configDir: string;
  /** Where plugins are looked for, in this order. */
  readonly binDirs: readonly string[];
  /** Name of the interface inside. */
  readonly interface: string;
  /** Arguments for the plugins (`CNI_ARGS`). */
  readonly args?: Readonly<Record<string, string>>;
}

/** Options of {@link cni}. */
export interface CniOptions {
  /** Name of the network: the `name` in a file of `configDir`. */
  readonly network?: string;
  /** Absolute path of a `.conflist`, `.conf` or `.json` file, in place of a name. */
  readonly config?: string;
  /** `/etc/cni/net.d` when left out. */
  readonly configDir?: string;
  /** `/opt/cni/bin` and `/usr/lib/cni` when left out. */
  readonly binDirs?: readonly string[];
  /** Name of the interface inside; `eth0` when left out. */
  readonly interface?: string;
  /** Arguments for the plugins, e.g. `{ IP: '10.1.2.3' }`. */
  readonly args?: Readonly<Record<string, string>>;
}

/** Where Debian's packages and the CNI project put things. */
export const cniDefaults = {
  configDir: '/etc/cni/net.d',
  binDirs: ['/opt/cni/bin', '/usr/lib/cni'],
  interface: 'eth0',
} as const;

/**
 * A network of CNI plugins (specification 0.3 to 1.1): ADD before the command runs, DEL after the container's end, also after a
 * failure. Published ports, and `dns()`, are handed to plugins with the capabilities `portMappings` and `dns`. Needs root.
 *
 * @example
 * ```ts
 * import { cni, haco } from '@haco/core';
 * const web = haco().name('web').network(cni({ network: 'podnet' })).publish(8080, 80);
 * ```
 *
 * @see https://www.cni.dev/docs/spec/
 */
export function cni(options: CniOptions): CniMode {
  const { network, config, args } = options;
  return {
    kind: 'cni',
    ...(network === undefined ? {} : { network }),
    ...(config === undefined ? {} : { config }),
    configDir: options.configDir ?? cniDefaults.configDir,
    binDirs: options.binDirs ?? cniDefaults.binDirs,
    interface: options.interface ?? cniDefaults.interface,
    ...(args === undefined ? {} : { args }),
  };
}

const readArgs: Reader<Readonly<Record<string, string>>> = (json, path, issues) => {
  const isMap =
    typeof json === 'object' &&
    json !== null &&
    !Array.isArray(json) &&
    Object.values(json).every((v) => typeof v === 'string');
  if (!isMap) issues.push(issue(path, 'must be an object of strings'));
  return json as Readonly<Record<string, string>>;
};

function validatePath(at: string, text: string): readonly Issue[] {
  return parseText(text, 'the path').match(
    () => (text.startsWith('/') ? [] : [issue(at, `${quote(text)} is not an absolute path`)]),
    (message) => [issue(at, message)],
  );
}

/** How the network is called in labels. */
export function cniTitle({ network, config }: CniMode): string {
  return network ?? config ?? '';
}

export const cniRow: ModeRow<CniMode> = {
  read: readObject({
    kind: readOneOf(['cni']),
    network: optional(readText),
    config: optional(readText),
    configDir: readText,
    binDirs: readList(readText),
    interface: readText,
    args: optional(readArgs),
  }),
  title: (mode) => `CNI (${cniTitle(mode)})`,
  namespaces: () => ownNamespace,
  publishes: true,
  ownEtc: true,
  validate: (mode, facts) => [
    ...(facts.entered.includes('net')
      ? [issue(modePath, 'CNI plugins connect a new net namespace; leave it out, or enter("net", …)')]
      : []),
    ...((mode.network === undefined) === (mode.config === undefined)
      ? [issue(modePath, 'must have either a network or a config; write e.g. cni({ network: "podnet" })')]
      : []),
    ...(mode.network === undefined || /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(mode.network)
      ? []
      : [issue(`${modePath}.network`, `${quote(mode.network)} is not a name of a CNI network; use A-Z a-z 0-9 _ . -`)]),
    ...(mode.config === undefined ? [] : validatePath(`${modePath}.config`, mode.config)),
    ...validatePath(`${modePath}.configDir`, mode.configDir),
    ...mode.binDirs.flatMap((dir, index) => validatePath(`${modePath}.binDirs[${String(index)}]`, dir)),
    ...(isInterfaceName(mode.interface) && mode.interface !== 'lo'
      ? []
      : [
          issue(
            `${modePath}.interface`,
            `${quote(mode.interface)} is not a name for the interface; use 1 to 15 of A-Z a-z 0-9 _ . -`,
          ),
        ]),
    ...Object.entries(mode.args ?? {}).flatMap(([name, value]) =>
      /^[^;=\0]+$/.test(name) && /^[^;\0]*$/.test(value)
        ? []
        : [
            issue(
              `${modePath}.args`,
              `${quote(`${name}=${value}`)} has a ";", "=" or NUL byte, which CNI_ARGS can't hold`,
            ),
          ],
    ),
  ],
  plan: (mode) => [
    {
      id: 'network.attach',
      phase: 'parent',
      label: `connect the container to the CNI network ${cniTitle(mode)}`,
      why: 'its net namespace exists and nothing runs in it yet; DEL follows when the container has ended, whatever happened',
      operations: [
        {
          op: 'barrier',
          name: attachBarrier,
          does: [
            'mount --bind /proc/<child>/ns/net <netns>   (so that DEL finds it after the end)',
            `CNI_COMMAND=ADD CNI_IFNAME=${mode.interface} <plugin>   (each of the chain, in ${mode.binDirs.join(' or ')})`,
          ],
        },
      ],
      from: modePath,
      needs: [{ capability: 'net_admin', over: 'host' }],
      source: 'https://www.cni.dev/docs/spec/',
    },
    planLoopback(),
  ],
  check: (mode, { host: facts }) => {
    if (facts.capabilities.includes('net_admin') && facts.capabilities.includes('sys_admin')) return [];
    const { what, remedy } = missingRights(facts, 'net_admin', 'sys_admin');
    return [
      {
        step: 'network.attach',
        kind: 'permission',
        message: `CNI plugins (${cniTitle(mode)}) change the network of the host, which needs ${what}; ${remedy}, or use network(pasta()) or network(slirp()).`,
      },
    ];
  },
};
