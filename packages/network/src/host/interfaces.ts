/** Interfaces and routes of the host, as `ip -j` tells them. */
import type { HacoError } from '@haco/plan';
import { ok, type ResultAsync } from 'neverthrow';
import { runTool, tryTool } from './run-tool.js';

/** What counts of an interface. */
export interface Interface {
  readonly kind: string | undefined;
  readonly alias: string | undefined;
  /** Addresses with their prefix, e.g. `10.213.0.1/16`. */
  readonly addresses: readonly string[];
}

interface AddressJson {
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[];
}

/** One interface; undefined when there is none of that name. */
export function readInterface(name: string): ResultAsync<Interface | undefined, HacoError> {
  return tryTool({ command: ['ip', '-j', '-d', 'address', 'show', 'dev', name] }).map(({ exitCode, stdout }) => {
    const [found] = exitCode === 0 ? (JSON.parse(stdout) as readonly AddressJson[]) : [];
    if (found === undefined) return undefined;
    return {
      kind: found.linkinfo?.info_kind,
      alias: found.ifalias,
      addresses: (found.addr_info ?? [])
        // Every interface has its own of these.
        .filter(({ scope }) => scope !== 'link')
        .map(({ local = '', prefixlen = 0 }) => `${local}/${String(prefixlen)}`),
    };
  });
}

/** A destination that the host knows a way to. */
export interface Route {
  /** A subnet; a single address is one with the longest prefix. */
  readonly subnet: string;
  readonly device: string;
}

interface RouteJson {
  readonly dst?: string;
  readonly dev?: string;
  readonly type?: string;
}

function readFamily(family: '-4' | '-6'): ResultAsync<readonly Route[], HacoError> {
  return runTool({ command: ['ip', '-j', family, 'route', 'show', 'table', 'all'] }).andThen((text) => {
    const routes = text.trim() === '' ? [] : (JSON.parse(text) as readonly RouteJson[]);
    return ok(
      routes.flatMap(({ dst, dev, type }) => {
        if (dst === undefined || dst === 'default' || type === 'multicast' || type === 'broadcast') return [];
        return [{ subnet: dst.includes('/') ? dst : `${dst}/${family === '-4' ? '32' : '128'}`, device: dev ?? '' }];
      }),
    );
  });
}

/** All routes but the default ones. */
export function readRoutes(): ResultAsync<readonly Route[], HacoError> {
  return readFamily('-4').andThen((four) => readFamily('-6').map((six) => [...four, ...six]));
}
