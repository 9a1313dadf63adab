/** The flags that describe a container: of `run`, `explain` and `check`, alone or on top of a definition. */
import type { OptionTable } from '../command-line/options.js';
import { processOptions } from './process-options.js';

/** Each is a verb of the builder. */
export const settingOptions = {
  name: { type: 'string', short: 'n', value: 'NAME', about: 'name of the container', complete: 'none' },
  root: { type: 'string', short: 'r', value: 'DIR', about: 'root directory of the container', complete: 'directory' },
  preset: {
    type: 'string',
    value: 'PRESET',
    choices: ['sandbox', 'container'],
    about: 'begin with "sandbox" (for commands that nobody trusts) or "container" (what Docker gives)',
  },
  unshare: {
    type: 'string',
    multiple: true,
    value: 'KIND,...',
    about: 'new namespaces: mount, uts, ipc, pid, net, user, cgroup, time, or all',
    complete: 'none',
  },
  hostname: { type: 'string', value: 'NAME', about: 'host name inside; needs --unshare uts', complete: 'none' },
  independent: {
    type: 'string',
    multiple: true,
    value: 'KIND,...',
    about: 'file systems of its own: procfs, sysfs, dev, devpts, shm, mqueue, ...; needs --unshare mount',
    complete: 'none',
  },
  mount: {
    type: 'string',
    short: 'm',
    multiple: true,
    value: 'FROM:TO[:ro]',
    about: 'bind a file or directory of the host; needs --unshare mount',
    complete: 'file',
  },
  tmpfs: {
    type: 'string',
    multiple: true,
    value: 'DIR[:SIZE]',
    about: 'an empty file system in memory; needs --unshare mount',
    complete: 'none',
  },
  ...processOptions,
  cpu: { type: 'string', value: 'PERCENT', about: 'limit of CPU, in percent of one', complete: 'none' },
  memory: { type: 'string', value: 'SIZE', about: 'limit of memory, e.g. 256MiB', complete: 'none' },
  pids: { type: 'string', value: 'NUMBER', about: 'limit of processes', complete: 'none' },
  rlimit: {
    type: 'string',
    multiple: true,
    value: 'KIND=SOFT[:HARD]',
    about: 'resource limit, e.g. nofile=1024',
    complete: 'none',
  },
  allow: {
    type: 'string',
    short: 'A',
    multiple: true,
    value: 'CAP,...',
    about: 'keep only these capabilities (several times: all of them together), or "all"',
    complete: 'none',
  },
  drop: { type: 'string', multiple: true, value: 'CAP,...', about: 'take these capabilities away', complete: 'none' },
  'no-new-privileges': { type: 'boolean', about: 'no set-uid programs, no file capabilities' },
  timeout: { type: 'string', value: 'TIME', about: 'kill it after this time, e.g. 10s', complete: 'none' },
  init: { type: 'boolean', about: 'keep a small init as its first process' },
} as const satisfies OptionTable;
