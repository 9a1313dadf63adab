/** What Node itself knows of the process and the machine. */
import { release, userInfo } from 'node:os';

export interface ProcessInfo {
  /** As `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  /** As `uname -r`. */
  readonly release: string;
  readonly pid: number;
  readonly euid: number;
  readonly egid: number;
  /** Directories in which programs are looked for, separated by colons. */
  readonly path: string;
  /** Login name; undefined when the user database has none. Asked lazily: the database may be on a network. */
  readonly userName: () => string | undefined;
}

/** This process. */
export function thisProcess(): ProcessInfo {
  const euid = process.geteuid?.() ?? 0;
  return {
    platform: process.platform,
    arch: process.arch,
    release: release(),
    pid: process.pid,
    euid,
    egid: process.getegid?.() ?? 0,
    path: process.env['PATH'] ?? '',
    userName: () => (euid === 0 ? 'root' : loginName()),
  };
}

function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // The user has no entry, as in many containers.
    return undefined;
  }
}
