/** What is remembered of a connected container, so that it can be disconnected by anybody, also after a crash. */
import { samePort } from './ports.js';
import type { PublishedPort } from './section.js';

/** What was made on the host, by mode. */
export type Made =
  | {
      readonly kind: 'bridge';
      readonly bridge: string;
      /** Name of the host's end of the pair. */
      readonly veth: string;
    }
  | {
      readonly kind: 'cni';
      /** Plugins in the order of ADD, each with its configuration. */
      readonly plugins: readonly unknown[];
      /** Whether plugins can be asked if all is still as they have left it. */
      readonly checkable: boolean;
      readonly network: string;
      readonly interface: string;
      readonly binDirs: readonly string[];
      readonly args: Readonly<Record<string, string>>;
      readonly result?: unknown;
      /** File that keeps the net namespace for DEL. */
      readonly netns: string;
    }
  | {
      readonly kind: 'program';
      readonly program: 'pasta' | 'slirp4netns';
      readonly pid: number;
      readonly startTime: number;
    };

/** One connected container. */
export interface Attachment {
  /** Eight hexadecimal digits, in names and comments of what was made. */
  readonly id: string;
  /** Name of the container. */
  readonly container: string;
  /** The container's first process. */
  readonly owner: { readonly pid: number; readonly startTime: number };
  /** The net namespace in which its things were made, e.g. `net:[4026531840]`. */
  readonly netns: string;
  readonly addresses: readonly string[];
  readonly ports: readonly PublishedPort[];
  readonly made: Made;
}

/** A bridge that has containers. */
export interface KnownBridge {
  readonly name: string;
  readonly netns: string;
  readonly subnets: readonly string[];
  readonly internal: boolean;
  /** Made by haco, so it goes with its last container. */
  readonly ours: boolean;
}

/** All that is remembered. */
export interface NetworkState {
  readonly version: 1;
  readonly bridges: readonly KnownBridge[];
  readonly attachments: readonly Attachment[];
}

/** Nothing is connected. */
export const emptyState: NetworkState = { version: 1, bridges: [], attachments: [] };

/** What of the state lies in one net namespace. */
export function within(state: NetworkState, netns: string): Pick<NetworkState, 'bridges' | 'attachments'> {
  return {
    bridges: state.bridges.filter((bridge) => bridge.netns === netns),
    attachments: state.attachments.filter((attachment) => attachment.netns === netns),
  };
}

/** Which container has a port of the host already. */
export function publisherOf(
  attachments: readonly Attachment[],
  port: PublishedPort,
): { readonly container: string; readonly port: PublishedPort } | undefined {
  for (const { container, ports } of attachments) {
    const taken = ports.find((other) => samePort(port, other));
    if (taken !== undefined) return { container, port: taken };
  }
  return undefined;
}
