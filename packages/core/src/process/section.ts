/** Which program runs in the container, as whom, where, and with which streams. */
import type { Readable, Writable } from 'node:stream';
import type { Live } from '@haco/plan';

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
