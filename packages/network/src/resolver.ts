/** The files by which names are resolved inside: `resolv.conf` and `hosts`. */
import { issue, quote, type Issue } from '@haco/plan';
import { contains, parseAddress, parseSubnet } from './addresses.js';
import type { DnsSection } from './section.js';

/** What of a `resolv.conf` counts. */
export interface ResolverConfig {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** Read a `resolv.conf`: the last `search` or `domain` counts, as in resolv.conf(5). */
export function parseResolvConf(text: string): ResolverConfig {
  const lines = text
    .split('\n')
    .map((line) =>
      line
        .replace(/[#;].*$/, '')
        .trim()
        .split(/\s+/),
    )
    .filter(([word = '']) => word !== '');
  const of = (word: string): readonly (readonly string[])[] =>
    lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const search = lines.filter(([first]) => first === 'search' || first === 'domain').at(-1);
  return {
    servers: of('nameserver').flatMap(([server]) => server ?? []),
    search: search?.slice(1) ?? [],
    options: of('options').flat(),
  };
}

const loopbacks = ['127.0.0.0/8', '::1/128'].map((text) => parseSubnet(text)._unsafeUnwrap());

/** Whether a server can be reached from another net namespace: one on the host's loopback can't. */
export function isReachable(server: string): boolean {
  return parseAddress(server).match(
    (address) => !loopbacks.some((range) => contains(range, address)),
    // An address with a zone (`fe80::1%eth0`) belongs to an interface of the host.
    () => false,
  );
}

/** What is asked, and the host's for what isn't. */
export function mergeResolver(asked: DnsSection | undefined, host: ResolverConfig): ResolverConfig {
  return {
    servers: asked?.servers ?? host.servers.filter(isReachable),
    search: asked?.search ?? host.search,
    options: asked?.options ?? host.options,
  };
}

/** The text of `resolv.conf`. */
export function renderResolvConf({ servers, search, options }: ResolverConfig): string {
  return [
    '# made by haco for this container',
    ...(servers.length === 0
      ? ['# no name server of the host can be reached from here; give some with dns({ servers })']
      : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
    '',
  ].join('\n');
}

/** A name with its addresses. */
export interface HostEntry {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** The text of `hosts`: this machine, then the others that it can reach by name. */
export function renderHosts(entries: readonly HostEntry[]): string {
  return [
    '# made by haco for this container',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...entries.flatMap(({ name, addresses }) => addresses.map((address) => `${address}\t${name}`)),
    '',
  ].join('\n');
}

/** Every problem of what is asked. A line break would be a line of the file. */
export function validateDns({ servers = [], search = [], options = [] }: DnsSection): readonly Issue[] {
  const words = (field: string, list: readonly unknown[], pattern: RegExp, what: string): readonly Issue[] =>
    list.flatMap((word, index) =>
      typeof word === 'string' && pattern.test(word)
        ? []
        : [issue(`network.dns.${field}[${String(index)}]`, `${quote(String(word))} is not ${what}`)],
    );
  return [
    ...servers.flatMap((server, index) =>
      parseAddress(server).match(
        () => [],
        (message) => [issue(`network.dns.servers[${String(index)}]`, message)],
      ),
    ),
    ...words('search', search, /^[A-Za-z0-9_.-]{1,253}$/, 'a domain'),
    ...words('options', options, /^[a-z0-9-]+(:\d+)?$/, 'an option of the resolver, such as "ndots:2"'),
  ];
}
