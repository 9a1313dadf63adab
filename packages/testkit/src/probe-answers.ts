/** What each command of the probe answers, as types, and the reader of its output. */

export interface ProbeFailure {
  readonly ok: false;
  readonly syscall: string;
  readonly errno: string;
  readonly message: string;
}

export interface ProbeMount {
  readonly id: number;
  readonly parent: number;
  readonly device: string;
  readonly root: string;
  readonly target: string;
  readonly options: string;
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: string;
}

export interface ProbeDescriptor {
  readonly fd: number;
  /** Null without /proc. */
  readonly target: string | null;
  readonly type: ProbeFileType | null;
  readonly access: 'r' | 'w' | 'rw' | 'path';
  readonly closeOnExec: boolean;
}

export type ProbeFileType =
  'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo' | 'socket' | 'other';

export interface ProbeStat {
  readonly type: ProbeFileType;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** `major:minor` of a device. */
  readonly device?: string;
  /** Of a symbolic link. */
  readonly target?: string;
}

export type ProbeNamespace =
  'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'pid_for_children' | 'time' | 'time_for_children' | 'user' | 'uts';

export type ProbeLimit =
  | 'cpu' | 'fsize' | 'data' | 'stack' | 'core' | 'rss' | 'nproc' | 'nofile'
  | 'memlock' | 'as' | 'locks' | 'sigpending' | 'msgqueue' | 'nice' | 'rtprio' | 'rttime'; // prettier-ignore

/** Command name → its answer. Capability sets are 16 hexadecimal digits. */
export interface ProbeAnswers {
  readonly hostname: { readonly hostname: string; readonly domainname: string };
  readonly ids: {
    readonly uid: number;
    readonly euid: number;
    readonly suid: number;
    readonly fsuid: number;
    readonly gid: number;
    readonly egid: number;
    readonly sgid: number;
    readonly fsgid: number;
    readonly groups: readonly number[];
  };
  readonly caps: {
    readonly inheritable: string;
    readonly permitted: string;
    readonly effective: string;
    readonly bounding: string;
    readonly ambient: string;
    readonly noNewPrivs: boolean;
    readonly securebits: number;
    /** 0 none, 2 filter. */
    readonly seccomp: number;
    readonly dumpable: number;
  };
  readonly ns: Readonly<Record<ProbeNamespace, number | null>>;
  readonly args: { readonly args: readonly string[] };
  /** Null for an entry without `=`. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly cwd: { readonly cwd: string };
  readonly signals: {
    readonly ignored: readonly string[];
    readonly blocked: readonly string[];
    readonly caught: readonly string[];
    readonly pending: readonly string[];
  };
  readonly rlimits: Readonly<
    Record<ProbeLimit, { readonly soft: number | 'unlimited'; readonly hard: number | 'unlimited' }>
  >;
  readonly umask: { readonly umask: string };
  readonly session: {
    readonly pid: number;
    readonly ppid: number;
    readonly sid: number;
    readonly pgid: number;
    readonly parentDeathSignal: string | null;
    readonly subreaper: boolean;
    readonly nice: number;
  };
  readonly pids: {
    readonly pids: readonly number[];
    readonly processes: readonly {
      readonly pid: number;
      readonly ppid: number;
      readonly state: string;
      readonly comm: string;
    }[];
  };
  readonly 'oom-score': { readonly oomScoreAdj: number; readonly oomScore: number };
  readonly fds: { readonly fds: readonly ProbeDescriptor[] };
  readonly mounts: { readonly mounts: readonly ProbeMount[] };
  readonly ls: { readonly path: string; readonly entries: readonly (ProbeStat & { readonly name: string })[] };
  readonly stat: ProbeStat & { readonly path: string; readonly inode: number; readonly filesystem: string };
  readonly read: { readonly path: string; readonly content: string };
  readonly write: { readonly path: string; readonly bytes: number };
  readonly 'try-open': { readonly path: string; readonly opened: boolean; readonly errno: string | null };
  readonly mount: { readonly ok: true };
  readonly umount: { readonly ok: true };
  readonly 'kill-self': { readonly survived: string };
  readonly sleep: { readonly pid: number; readonly sleeping: number };
  readonly spin: { readonly wallMs: number; readonly cpuMs: number };
  readonly hog: { readonly mib: number };
  readonly 'fork-bomb': { readonly forked: number; readonly errno: string | null };
  readonly zombies: { readonly orphans: number; readonly zombies: number };
  readonly syscall: { readonly result: number; readonly errno: string | null };
  readonly tty: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
    readonly rows: number;
    readonly columns: number;
    readonly name: string | null;
    readonly controlling: boolean;
    readonly devTtyOpens: boolean;
    readonly foregroundGroup: number;
  };
  readonly mqueue: { readonly name: string };
  readonly clock: { readonly monotonic: number; readonly boottime: number; readonly realtime: number };
}

export type ProbeCommand = keyof ProbeAnswers;

/** Reads the one line that a command printed. Throws the line when it isn't an answer, or is the probe's report of a failure. */
export function parseAnswer<C extends ProbeCommand>(command: C, output: string): ProbeAnswers[C] {
  const value = parseLine(command, output);
  if (isFailure(value)) throw new Error(`The probe's command "${command}" failed: ${output.trim()}`);
  return value as ProbeAnswers[C];
}

/** Reads the one line of a command that is expected to fail. */
export function parseFailure(command: ProbeCommand, output: string): ProbeFailure {
  const value = parseLine(command, output);
  if (!isFailure(value))
    throw new Error(`The probe's command "${command}" was expected to fail, and answered: ${output.trim()}`);
  return value;
}

/** Reads the line of `probe report A B C`. */
export function parseReport<C extends ProbeCommand>(commands: readonly C[], output: string): Pick<ProbeAnswers, C> {
  const value = parseLine('report', output) as Record<string, unknown>;
  for (const command of commands) {
    if (value[command] === undefined || isFailure(value[command])) {
      throw new Error(`The probe's report on "${command}" failed: ${JSON.stringify(value[command])}`);
    }
  }
  return value as unknown as Pick<ProbeAnswers, C>;
}

function parseLine(command: string, output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    const said = output === '' ? 'nothing' : `"${output.slice(0, 2000)}"`;
    throw new Error(`The probe's command "${command}" should print one line of JSON, and printed ${said}.`);
  }
}

function isFailure(value: unknown): value is ProbeFailure {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false;
}
