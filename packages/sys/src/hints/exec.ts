/** Why a command could not be executed. */
import { type HintTable } from './hint-table.js';

export const execHints = {
  'execve execveat': {
    ENOENT:
      "the command isn't in the container's root, or the interpreter that its #! line or its ELF header names isn't; give an absolute path that exists there, or add the interpreter and libraries to the root",
    EACCES:
      "the file isn't executable for this user, a directory above it can't be searched, or its mount is noexec; chmod +x it, or mount without noexec",
    ENOEXEC: 'the file is neither a program for this processor nor a script with a #! line; check it with file(1)',
    E2BIG:
      'arguments and environment together are too long (128 KiB for each one, a quarter of the stack limit for all); shorten them or pass them in a file',
    ETXTBSY: 'somebody has the program open for writing; close it first',
    EPERM:
      "the file has capabilities that the bounding set doesn't allow, or a security module forbids to run it; remove them with setcap -r, or keep the capabilities",
    EAGAIN: 'the user has as many processes as RLIMIT_NPROC allows; stop some or raise "ulimit -u"',
    ENOMEM:
      'there is no memory for the program, or the memory limit of the group is too low to start it; raise the limit',
    ENOTDIR: 'a part of the path to the command is a file; correct the path',
    EISDIR: 'the interpreter of the command is a directory; check the #! line',
    ELOOP:
      'the path runs in a circle of symbolic links, or scripts interpret each other more than four deep; name the program itself',
    EINVAL: 'the program names more than one interpreter; rebuild it',
    ELIBBAD: "the program's dynamic loader is damaged; reinstall it in the root",
  },
} as const satisfies HintTable;
