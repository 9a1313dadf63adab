/** One container as engines and clusters of machines see it: what the formats of a scale-out have in common, and nothing of any of them. */
import type { BindEntry, TmpfsEntry } from '@haco/mounts';
import type { DnsSection, PublishedPort } from '@haco/network';
import type { NamespaceKind, ReadinessEntry, SupervisionSection } from '@haco/core';

/** What a container may use; every field with the path of the spec that asked for it. */
export interface Limits {
  /** Bytes. */
  readonly memory?: Limit<number>;
  /** Bytes of memory and swap together; -1 without end. */
  readonly swap?: Limit<number>;
  /** Bytes that are kept for it where there is a shortage. */
  readonly reservation?: Limit<number>;
  /** CPUs, such as 0.5. */
  readonly cpus?: Limit<number>;
  readonly shares?: Limit<number>;
  /** Such as `0-3`. */
  readonly cpuset?: Limit<string>;
  /** Memory nodes. */
  readonly mems?: Limit<string>;
  readonly pids?: Limit<number>;
}

/** A value, and who wants it. */
export interface Limit<T> {
  readonly value: T;
  readonly from: string;
}

/** A mount, and where the spec has it. */
export interface Placed<T> {
  readonly entry: T;
  readonly from: string;
}

/** Which filter of system calls. */
export type Filter = { readonly kind: 'none' | 'default' } | { readonly kind: 'file'; readonly file: string };

/** One container. */
export interface Service {
  /** What stands before the paths of its spec: empty, or `cluster.<member>.`. */
  readonly at: string;
  readonly name: string;
  readonly image: string;
  /** Missing: that of the image. */
  readonly command: readonly [file: string, ...args: string[]] | undefined;
  readonly workdir: string | undefined;
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly user: User;
  readonly umask: number | undefined;
  readonly oomScoreAdj: number | undefined;
  readonly terminal: boolean;
  readonly init: boolean;
  readonly hostname: string | undefined;
  readonly domainname: string | undefined;
  readonly readonlyRoot: boolean;
  /** Kinds of namespaces that it shares with the machine. */
  readonly ofHost: { readonly pid: boolean; readonly ipc: boolean };
  /** Whether it has a user namespace, with ids that the engine chooses. */
  readonly ownUsers: boolean;
  readonly network: 'none' | 'host' | 'own';
  readonly ports: readonly PublishedPort[];
  readonly dns: DnsSection | undefined;
  readonly sysctls: readonly (readonly [name: string, value: string])[];
  /** Without `CAP_`; missing: what the engine gives to an ordinary user. */
  readonly caps: 'all' | readonly string[] | undefined;
  /** The path of the spec that gives capabilities to a user who isn't root. */
  readonly ambient: string | undefined;
  readonly noNewPrivileges: boolean;
  readonly seccomp: Filter;
  readonly apparmor: string | undefined;
  readonly selinux: string | undefined;
  readonly limits: Limits;
  readonly rlimits: readonly Ulimit[];
  readonly binds: readonly Placed<BindEntry>[];
  readonly tmpfs: readonly Placed<TmpfsEntry>[];
  /** Besides those that every engine masks. */
  readonly masked: readonly Placed<string>[];
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly supervision: SupervisionSection;
  readonly readiness: readonly Placed<ReadinessEntry>[];
  /** Milliseconds that it may run. */
  readonly timeoutMs: number | undefined;
  /** Names of services that must be ready before it starts. */
  readonly dependsOn: readonly Placed<string>[];
  /** Whose namespaces it enters. */
  readonly shares: readonly Placed<readonly [kind: NamespaceKind, name: string]>[];
}

/** Numbers, or names of the image. */
export interface User {
  readonly uid: number | string;
  readonly gid: number | string | undefined;
  readonly groups: readonly (number | string)[];
}

/** A limit of the process. */
export interface Ulimit {
  readonly kind: string;
  /** -1: none. */
  readonly soft: number;
  readonly hard: number;
}
