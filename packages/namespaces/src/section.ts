/** What a spec says of namespaces: plain data. */
import type { IdRange, NamespaceKind } from '@haco/plan';

/** Words for maps. */
export const idMappingWords = ['self', 'auto', 'nobody'] as const;
/** How ids are mapped: by a word, or by lines of the map. */
export type IdMapping = (typeof idMappingWords)[number] | readonly IdRange[];

/** One namespace that the container joins: given as a file, or as the one that a process is in. */
export type Entered =
  | { readonly kind: NamespaceKind; readonly path: string }
  | {
      readonly kind: NamespaceKind;
      readonly pid: number;
      /** When the process was started, in ticks since boot: with it, another process that has got the pid is not taken for this one. */
      readonly startTime?: number;
    };

/** One new namespace that outlives the container as a file. */
export interface Persisted {
  readonly kind: NamespaceKind;
  /** Absolute path on the host; made when it doesn't exist. */
  readonly path: string;
}

/** Offsets of the clocks in a time namespace. */
export interface TimeOffsets {
  /** Milliseconds added to CLOCK_MONOTONIC. */
  readonly monotonicMs?: number;
  /** Milliseconds added to CLOCK_BOOTTIME. */
  readonly boottimeMs?: number;
}

/** The section `namespaces` of a spec. */
export interface NamespacesSection {
  readonly unshare: readonly NamespaceKind[];
  readonly enter: readonly Entered[];
  readonly persist: readonly Persisted[];
  /** Host name; without it a new uts namespace is named after the container. */
  readonly hostname?: string;
  /** NIS domain name. */
  readonly domainname?: string;
  readonly uidMap?: IdMapping;
  readonly gidMap?: IdMapping;
  readonly timeOffsets?: TimeOffsets;
  /** Settings of the kernel that its own namespaces have each for itself, e.g. `{ 'net.ipv4.ip_forward': '1' }`. */
  readonly sysctls?: Readonly<Record<string, string>>;
}

/** Nothing asked: the container shares all namespaces with its caller. */
export const emptySection: NamespacesSection = { unshare: [], enter: [], persist: [] };
