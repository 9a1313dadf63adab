/** The commands that engines know, with their flags. */
import { checkpointFlags, restoreFlags } from '../criu-flags.js';
import { loadHeavy } from '../load-heavy.js';
import type { Command } from './command.js';

const id = '<container-id>';
const bundle = { kind: 'value', short: 'b', help: 'directory of the bundle; the current one without it' } as const;
const pidFile = { kind: 'value', help: 'file to which the pid is written' } as const;
const consoleSocket = { kind: 'value', help: 'socket that takes the terminal' } as const;
const preserveFds = { kind: 'value', help: 'so many descriptors from 3 on are handed to the command' } as const;
const ignored = { kind: 'switch', help: 'ignored' } as const;

const starting = {
  bundle,
  'pid-file': pidFile,
  'console-socket': consoleSocket,
  'preserve-fds': preserveFds,
  'no-pivot': ignored,
  'no-new-keyring': ignored,
  'no-subreaper': ignored,
} as const;

export const commands = {
  checkpoint: {
    help: 'save a running container with CRIU',
    flags: checkpointFlags,
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'checkpoint')).checkpoint,
  },
  create: {
    help: 'create a container',
    flags: starting,
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'create')).create,
  },
  delete: {
    help: 'delete what is left of a container',
    flags: { force: { kind: 'switch', short: 'f', help: 'kill it first' } },
    words: id,
    count: [1, 1],
    load: async () => (await import('./delete.js')).run,
  },
  events: {
    help: 'print what a container uses',
    flags: {
      stats: { kind: 'switch', help: 'once' },
      interval: { kind: 'value', help: 'how often, e.g. 5s' },
    },
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'events')).events,
  },
  exec: {
    help: 'run a further program in a container',
    flags: {
      'additional-gids': { kind: 'list', short: 'g', help: 'a supplementary group' },
      apparmor: { kind: 'value', help: 'profile of AppArmor' },
      cap: { kind: 'list', short: 'c', help: 'a capability more' },
      cgroup: { kind: 'list', help: 'ignored' },
      'console-socket': consoleSocket,
      cwd: { kind: 'value', help: 'working directory' },
      detach: { kind: 'switch', short: 'd', help: 'return when it runs' },
      env: { kind: 'list', short: 'e', help: 'a variable, NAME=value' },
      'ignore-paused': ignored,
      'no-new-privs': { kind: 'switch', help: 'it can gain no privileges' },
      'no-subreaper': ignored,
      'pid-file': pidFile,
      'preserve-fds': preserveFds,
      process: { kind: 'value', short: 'p', help: 'file with the JSON of the process' },
      'process-label': { kind: 'value', help: 'label of SELinux' },
      tty: { kind: 'switch', short: 't', help: 'with a terminal' },
      user: { kind: 'value', short: 'u', help: 'uid, or uid:gid' },
    },
    words: `${id} [command] [arguments]`,
    count: [1, Infinity],
    // As runc: an engine tells it apart from the exit code of the program.
    failureCode: 255,
    load: async (root) => (await loadHeavy(root, 'exec')).exec,
  },
  features: {
    help: 'print what this runtime understands',
    flags: {},
    words: '',
    count: [0, 0],
    load: async () => (await import('./features.js')).run,
  },
  kill: {
    help: 'send a signal to a container',
    flags: { all: { kind: 'switch', short: 'a', help: 'to all its processes' } },
    words: `${id} [signal]`,
    count: [1, 2],
    load: async () => (await import('./kill.js')).run,
  },
  list: {
    help: 'list containers',
    flags: {
      format: { kind: 'value', short: 'f', help: 'table or json' },
      quiet: { kind: 'switch', short: 'q', help: 'only their ids' },
    },
    words: '',
    count: [0, 0],
    load: async () => (await import('./list.js')).run,
  },
  pause: {
    help: 'stop all processes of a container',
    flags: {},
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'pause')).pause,
  },
  ps: {
    help: 'list the processes of a container',
    flags: { format: { kind: 'value', short: 'f', help: 'table or json' } },
    words: `${id} [ps options]`,
    count: [1, Infinity],
    load: async () => (await import('./ps.js')).run,
  },
  restore: {
    help: 'let a container go on that was saved',
    flags: {
      ...restoreFlags,
      bundle,
      'pid-file': pidFile,
      'console-socket': consoleSocket,
      'no-pivot': ignored,
      'no-subreaper': ignored,
    },
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'restore')).restore,
  },
  resume: {
    help: 'let them go on',
    flags: {},
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'resume')).resume,
  },
  run: {
    help: 'create and start a container',
    flags: {
      ...starting,
      detach: { kind: 'switch', short: 'd', help: 'return when it runs' },
      keep: { kind: 'switch', help: 'leave its state when it has ended' },
    },
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'run')).run,
  },
  spec: {
    help: 'write a config.json to begin with',
    flags: { bundle, rootless: { kind: 'switch', help: 'for a user who is not root' } },
    words: '',
    count: [0, 0],
    load: async () => (await import('./spec.js')).run,
  },
  start: {
    help: 'start a created container',
    flags: {},
    words: id,
    count: [1, 1],
    load: async () => (await import('./start.js')).run,
  },
  state: {
    help: 'print the state of a container',
    flags: {},
    words: id,
    count: [1, 1],
    load: async () => (await import('./state.js')).run,
  },
  update: {
    help: 'change limits of a container',
    flags: {
      resources: { kind: 'value', short: 'r', help: 'file with the JSON of linux.resources; - is stdin' },
      ...Object.fromEntries(
        [
          'blkio-weight',
          'cpu-burst',
          'cpu-idle',
          'cpu-period',
          'cpu-quota',
          'cpu-rt-period',
          'cpu-rt-runtime',
          'cpu-share',
          'cpuset-cpus',
          'cpuset-mems',
          'memory',
          'memory-reservation',
          'memory-swap',
          'pids-limit',
        ].map((name) => [name, { kind: 'value', help: 'as in linux.resources' } as const]),
      ),
      'kernel-memory': { kind: 'value', help: 'ignored' },
      'kernel-memory-tcp': { kind: 'value', help: 'ignored' },
    },
    words: id,
    count: [1, 1],
    load: async (root) => (await loadHeavy(root, 'update')).update,
  },
} as const satisfies Readonly<Record<string, Command>>;

/** The name of one. */
export type CommandName = keyof typeof commands;
