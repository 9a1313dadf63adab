/** What a command is started with, in a container that is made or in one that runs. */
import type { OptionTable } from '../command-line/options.js';

/** The flags. */
export const processOptions = {
  env: {
    type: 'string',
    short: 'e',
    multiple: true,
    value: 'NAME[=VALUE]',
    about: 'set a variable; without a value, as it is here',
    complete: 'none',
  },
  workdir: { type: 'string', short: 'w', value: 'DIR', about: 'working directory inside', complete: 'none' },
  uid: { type: 'string', short: 'u', value: 'UID|NAME', about: 'run as this user, as known inside', complete: 'none' },
  gid: {
    type: 'string',
    short: 'g',
    value: 'GID|NAME',
    about: 'run as this group, as known inside; with --uid',
    complete: 'none',
  },
} as const satisfies OptionTable;
