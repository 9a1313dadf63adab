/** What errnos of calls on id maps, time offsets and namespace files mean. */
import { type HintTable } from './hint-table.js';

export const namespaceHints = {
  'write @namespaces': {
    EPERM:
      "the id map isn't allowed: without root it may name only your own id, and setgroups must be denied before the gid map; use subordinate ids (newuidmap) or run as root",
    EINVAL: 'the id map is malformed, or its ranges overlap or are empty; give each range once',
  },
  'write @namespaces.time': {
    EPERM: "the time offsets can't be changed: a process is already in the time namespace, or CAP_SYS_TIME is missing",
    ERANGE: 'the offset would make a clock negative or too far ahead; choose a smaller one',
  },
  'openat openat2 @namespaces': {
    ENOENT:
      'nothing is at that path, or the process has ended, or the kernel lacks this kind of namespace; check with ls /proc/self/ns',
    EACCES: 'the process belongs to somebody else; its namespaces can be opened by root or by its owner',
  },
} as const satisfies HintTable;
