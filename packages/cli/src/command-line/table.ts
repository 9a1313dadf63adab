/** All commands. Names and summaries only: what a command needs is loaded when it is called. */
import type { Command } from './command.js';

/** A row of the table. */
export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** For the list of all commands. */
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** In the order of the help. */
export const commandTable: readonly CommandRow[] = [
  {
    name: 'new',
    aliases: ['init'],
    summary: 'write a definition to start from',
    load: () => import('../commands/new.js'),
  },
  {
    name: 'create',
    summary: 'make the root of a definition, and provision it',
    load: () => import('../commands/create.js'),
  },
  {
    name: 'provision',
    summary: 'do the steps of provisioning of a definition',
    load: () => import('../commands/provision.js'),
  },
  { name: 'archive', summary: 'pack the root of a definition', load: () => import('../commands/archive.js') },
  {
    name: 'export',
    summary: 'write a definition as a bundle that other runtimes run',
    load: () => import('../commands/export.js'),
  },
  {
    name: 'run',
    aliases: ['start'],
    summary: 'run a container: a definition, or flags and a command',
    load: () => import('../commands/run.js'),
  },
  { name: 'exec', summary: 'run a further program in a running container', load: () => import('../commands/exec.js') },
  { name: 'attach', summary: 'run a shell in a running container', load: () => import('../commands/attach.js') },
  {
    name: 'reload',
    summary: 'bring a changed definition into force while it runs',
    load: () => import('../commands/reload.js'),
  },
  { name: 'kill', summary: 'send a signal to containers', load: () => import('../commands/kill.js') },
  { name: 'stop', summary: 'ask containers to end, and make them', load: () => import('../commands/stop.js') },
  { name: 'ps', summary: 'list containers', load: () => import('../commands/ps.js') },
  {
    name: 'inspect',
    summary: 'show everything that is known of containers',
    load: () => import('../commands/inspect.js'),
  },
  { name: 'logs', summary: 'show what a container has written', load: () => import('../commands/logs.js') },
  { name: 'stats', summary: 'show what the kernel counts for containers', load: () => import('../commands/stats.js') },
  { name: 'top', summary: 'watch what containers use, live', load: () => import('../commands/top.js') },
  {
    name: 'events',
    summary: 'tell what happens to containers, as it happens',
    load: () => import('../commands/events.js'),
  },
  {
    name: 'pause',
    summary: 'stop all processes of containers where they are',
    load: () => import('../commands/pause.js'),
  },
  { name: 'resume', summary: 'let paused containers go on', load: () => import('../commands/resume.js') },
  {
    name: 'checkpoint',
    summary: 'save the processes of a running container',
    load: () => import('../commands/checkpoint.js'),
  },
  {
    name: 'restore',
    summary: 'go on from a checkpoint',
    load: () => import('../commands/restore.js'),
  },
  { name: 'wait', summary: 'wait until containers have ended', load: () => import('../commands/wait.js') },
  { name: 'rm', summary: 'forget containers that have ended', load: () => import('../commands/rm.js') },
  {
    name: 'explain',
    summary: 'show the system calls that a container will make, and why',
    load: () => import('../commands/explain.js'),
  },
  {
    name: 'check',
    summary: 'say what would make a container fail on this host',
    load: () => import('../commands/check.js'),
  },
  { name: 'doctor', summary: 'say what works on this host', load: () => import('../commands/doctor.js') },
  {
    name: 'learn',
    summary: 'learn what a container is made of, by running some',
    load: () => import('../commands/learn.js'),
  },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    load: () => import('../commands/completion.js'),
  },
  { name: 'version', summary: 'show the version', load: () => import('../commands/version.js') },
  {
    name: 'revisions',
    summary: 'show the revision of everything that is at work',
    load: () => import('../commands/revisions.js'),
  },
];

/** A row by its name, or one of its other names. */
export function findRow(word: string): CommandRow | undefined {
  return commandTable.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
}
