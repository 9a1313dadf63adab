/** A case of the differential test: a configuration, and what the probe inside is asked. */

export type Json = Readonly<Record<string, unknown>>;

export interface Mount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
}

/** What differs from the base. Sections are merged field by field; mounts are added to those of the base. */
export interface Change {
  readonly process?: Json;
  readonly root?: Json;
  readonly linux?: Json;
  readonly mounts?: readonly Mount[];
  /** In place of the mounts of the base. */
  readonly allMounts?: readonly Mount[];
  /** Fields besides these; undefined takes one away. */
  readonly others?: Json;
  /** How the program is named, in place of its path. */
  readonly file?: string;
}

/** A command of the probe; a string is split at its spaces. */
export type Question = string | readonly string[];

/** Name, configuration, questions besides those that are always asked. */
export type Row = readonly [name: string, change: Change, ...questions: readonly Question[]];

export interface Case {
  readonly name: string;
  /** Without the path of the root, which every runtime has for itself. */
  readonly config: Json;
  readonly questions: readonly (readonly string[])[];
}

/** What there is on the host for the cases. */
export interface Host {
  /** A directory with the file `file`, the directory `tree`, and a tmpfs at `tree/below`. */
  readonly data: string;
  /** Path of the control group that containers get. */
  readonly group: string;
  /** A process with namespaces of its own of the kinds uts, ipc, net, cgroup; children of it are in another pid namespace. */
  readonly holder: number;
  /** `major:minor` of a disk. */
  readonly disk: string | undefined;
}

const always =
  'ids;caps;ns;hostname;rlimits;umask;cwd;env;signals;session;oom-score;fds;mounts;read /proc/self/cgroup;stat /;ls /dev'.split(
    ';',
  );

const words = (question: Question): readonly string[] =>
  typeof question === 'string' ? question.split(' ') : question;

const mount = (destination: string, type: string, ...options: readonly string[]): Mount => ({
  destination,
  type,
  source: type,
  options,
});

export const devMounts: readonly Mount[] = [
  mount('/dev', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
  mount('/dev/pts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'),
  mount('/dev/shm', 'tmpfs', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
];

export const baseMounts: readonly Mount[] = [mount('/proc', 'proc'), ...devMounts];

/** Namespaces by their types, new ones. */
export const namespaces = (...types: readonly string[]): readonly Json[] => types.map((type) => ({ type }));

export const baseNamespaces = namespaces('pid', 'ipc', 'uts', 'mount');

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** A row as a whole case. */
export function makeCase([name, change, ...more]: Row, group: string): Case {
  const { process = {}, root = {}, linux = {}, mounts = [], allMounts = baseMounts, others = {} } = change;
  const questions = [...always, ...more].map(words);
  const args = questions.flatMap((question, index) => (index === 0 ? question : ['--', ...question]));
  const config = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [change.file ?? '/bin/probe', 'seq', ...args],
      env: ['PATH=/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      ...process,
    },
    root: { readonly: false, ...root },
    hostname: 'differential',
    mounts: [...allMounts, ...mounts],
    linux: { namespaces: baseNamespaces, cgroupsPath: group, ...linux },
    ...others,
  };
  return { name, config, questions };
}
