/** The commands that engines know, with their flags. */
import type { Command } from './command.js';

const id = '<container-id>';
const bundle = { kind: 'value', short: 'b', help: 'directory of the bundle; the current one without it' } as const;
const pidFile = { kind: 'value', help: 'file to which the pid is written' } as const;
const consoleSocket = { kind: 'value', help: 'socket that takes the terminal' } as const;
const preserveFds = { kind: 'value', help: 'not supported: only 0' } as const;
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
  create: {
    help: 'create a container',
    flags: starting,
    words: id,
    count: [1, 1],
    load: async () => (await import('./create.js')).run,
  },
  delete: {
    help: 'delete what is left of a container',
    flags: { force: { kind: 'switch', short: 'f', help: 'kill it first' } },
    words: id,
    count: [1, 1],
    load: async () => (await import('./delete.js')).run,
  },
  kill: {
    help: 'send a signal to a container',
    flags: { all: { kind: 'switch', short: 'a', help: 'to all its processes' } },
    words: `${id} [signal]`,
    count: [1, 2],
    load: async () => (await import('./kill.js')).run,
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
    load: async () => (await import('./run.js')).run,
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
} as const satisfies Readonly<Record<string, Command>>;

/** The name of one. */
export type CommandName = keyof typeof commands;
