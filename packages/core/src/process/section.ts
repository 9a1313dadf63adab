/** Which program runs in the container, as whom, where, and with which streams. */
import type { Readable, Writable } from 'node:stream';
import type { Live } from '@haco/plan';
import type { IoPriorityClass } from './io-priority.js';
import type { PersonalityDomain } from './personality.js';
import type { SchedulerSpec } from './scheduler.js';

/** Where a standard stream leads. */
export type StdioSpec =
  | 'pipe'
  | 'inherit'
  | 'null'
  /** A file on the host; stdin reads it, stdout and stderr replace it or append to it. */
  | { readonly file: string; readonly append?: boolean }
  /** stdin only: this text (UTF-8), then the end. */
  | { readonly text: string }
  /** stdin only: these bytes in base64, then the end. */
  | { readonly base64: string }
  /** A descriptor of this process, which stays the caller's. */
  | { readonly fd: number }
  | Live<Readable>
  | Live<Writable>;

export interface UserSpec {
  /** A number, or a name of the container's own `/etc/passwd`. */
  readonly uid: number | string;
  /** A number, or a name of the container's own `/etc/group`; without it the user's own group. */
  readonly gid?: number | string;
  /** Supplementary groups; without it none (for a name: those that list the user). */
  readonly groups?: readonly (number | string)[];
}

/** Section `process` of the spec. */
export interface ProcessSection {
  readonly command?: { readonly file: string; readonly args: readonly string[] };
  readonly workdir?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: UserSpec;
  /** File mode mask; 0o022 without it. */
  readonly umask?: number;
  /** Added to the score by which the kernel chooses whom to kill when memory runs out, -1000 to 1000; 0 without it. */
  readonly oomScoreAdj?: number;
  /** Policy of the scheduler; that of Node without it. */
  readonly scheduler?: SchedulerSpec;
  /** Class and level (0 to 7, the lowest first) of its I/O; those of Node without it. */
  readonly ioPriority?: { readonly class: IoPriorityClass; readonly level: number };
  /** Processors that it may run on, as a list of cpuset(7); those of its groups or of Node without it. */
  readonly cpuAffinity?: string;
  /** Of further commands in the container, in place of `cpuAffinity`: before they enter its groups, and from then on. */
  readonly execCpuAffinity?: { readonly initial?: string; readonly final?: string };
  /** Of a process that joins a container: where it runs until it has entered the groups. */
  readonly initialCpuAffinity?: string;
  /** Execution domain; that of Node without it. */
  readonly personality?: PersonalityDomain;
  readonly stdin?: StdioSpec;
  readonly stdout?: StdioSpec;
  readonly stderr?: StdioSpec;
  readonly tty?: { readonly columns: number; readonly rows: number };
  /** haco-init stays as pid 1, reaps and forwards signals. */
  readonly init: boolean;
  /** Path of a fifo at which the container waits before its command runs, until somebody writes a byte. */
  readonly startFifo?: string;
  /** The container waits, complete, until Node sends its command, environment and streams: containers of a pool. */
  readonly parked?: boolean;
}

export const emptyProcess: ProcessSection = { env: {}, init: false };

/** Where programs are looked for when the container's environment has no PATH: the same list as execvp(3) and Debian. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
