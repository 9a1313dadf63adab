/** Error numbers of Linux, their names, and what they mean in a few words. x64 and arm64 share them. */

/** Number and meaning by name, as in errno(3); the meanings are clauses without a full stop. */
const errnos = {
  EPERM: [1, 'not permitted'],
  ENOENT: [2, 'no such file or directory'],
  ESRCH: [3, 'no such process'],
  EINTR: [4, 'interrupted by a signal'],
  EIO: [5, 'input or output failed'],
  ENXIO: [6, 'no such device or address'],
  E2BIG: [7, 'argument or structure too big'],
  ENOEXEC: [8, 'not a program this kernel can run'],
  EBADF: [9, 'bad file descriptor'],
  ECHILD: [10, 'no child to wait for'],
  EAGAIN: [11, 'not possible at the moment'],
  ENOMEM: [12, 'out of memory'],
  EACCES: [13, 'access denied'],
  EFAULT: [14, 'bad address'],
  ENOTBLK: [15, 'not a block device'],
  EBUSY: [16, 'in use'],
  EEXIST: [17, 'exists already'],
  EXDEV: [18, 'crosses a border between file systems'],
  ENODEV: [19, 'no such device'],
  ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'is a directory'],
  EINVAL: [22, 'invalid argument'],
  ENFILE: [23, 'too many open files on the whole machine'],
  EMFILE: [24, 'too many open files in this process'],
  ENOTTY: [25, 'not a terminal, or the wrong kind of descriptor'],
  ETXTBSY: [26, 'program file is being written or run'],
  EFBIG: [27, 'file too large'],
  ENOSPC: [28, 'no space left'],
  ESPIPE: [29, 'not seekable'],
  EROFS: [30, 'read-only file system'],
  EMLINK: [31, 'too many links'],
  EPIPE: [32, 'nobody reads the other end'],
  EDOM: [33, 'number outside the domain of the function'],
  ERANGE: [34, 'result out of range'],
  EDEADLK: [35, 'would deadlock'],
  ENAMETOOLONG: [36, 'name too long'],
  ENOLCK: [37, 'no locks available'],
  ENOSYS: [38, 'no such system call'],
  ENOTEMPTY: [39, 'directory not empty'],
  ELOOP: [40, 'too many symbolic links, or a link where none is allowed'],
  ENOMSG: [42, 'no message of that type'],
  EIDRM: [43, 'identifier removed'],
  ECHRNG: [44, 'channel number out of range'],
  EL2NSYNC: [45, 'level 2 not synchronised'],
  EL3HLT: [46, 'level 3 halted'],
  EL3RST: [47, 'level 3 reset'],
  ELNRNG: [48, 'link number out of range'],
  EUNATCH: [49, 'protocol driver not attached'],
  ENOCSI: [50, 'no CSI structure available'],
  EL2HLT: [51, 'level 2 halted'],
  EBADE: [52, 'bad exchange'],
  EBADR: [53, 'bad request descriptor'],
  EXFULL: [54, 'exchange full'],
  ENOANO: [55, 'no anode'],
  EBADRQC: [56, 'bad request code'],
  EBADSLT: [57, 'bad slot'],
  EBFONT: [59, 'bad font file'],
  ENOSTR: [60, 'not a stream'],
  ENODATA: [61, 'no data'],
  ETIME: [62, 'timer expired'],
  ENOSR: [63, 'out of stream resources'],
  ENONET: [64, 'not on the network'],
  ENOPKG: [65, 'package not installed'],
  EREMOTE: [66, 'object is remote'],
  ENOLINK: [67, 'link was cut'],
  EADV: [68, 'advertise error'],
  ESRMNT: [69, 'srmount error'],
  ECOMM: [70, 'sending failed'],
  EPROTO: [71, 'protocol error'],
  EMULTIHOP: [72, 'multihop attempted'],
  EDOTDOT: [73, 'RFS specific error'],
  EBADMSG: [74, 'bad message'],
  EOVERFLOW: [75, 'value too large for its type'],
  ENOTUNIQ: [76, 'name not unique on the network'],
  EBADFD: [77, 'descriptor in a bad state'],
  EREMCHG: [78, 'remote address changed'],
  ELIBACC: [79, "can't reach a needed shared library"],
  ELIBBAD: [80, 'shared library is damaged'],
  ELIBSCN: [81, 'section of a.out damaged'],
  ELIBMAX: [82, 'too many shared libraries'],
  ELIBEXEC: [83, "shared library can't be run itself"],
  EILSEQ: [84, 'invalid byte sequence'],
  ERESTART: [85, 'should be restarted'],
  ESTRPIPE: [86, 'stream pipe error'],
  EUSERS: [87, 'too many users'],
  ENOTSOCK: [88, 'not a socket'],
  EDESTADDRREQ: [89, 'destination address needed'],
  EMSGSIZE: [90, 'message too long'],
  EPROTOTYPE: [91, 'wrong protocol for the socket'],
  ENOPROTOOPT: [92, 'protocol has no such option'],
  EPROTONOSUPPORT: [93, 'protocol not supported'],
  ESOCKTNOSUPPORT: [94, 'socket type not supported'],
  EOPNOTSUPP: [95, 'operation not supported'],
  EPFNOSUPPORT: [96, 'protocol family not supported'],
  EAFNOSUPPORT: [97, 'address family not supported'],
  EADDRINUSE: [98, 'address in use'],
  EADDRNOTAVAIL: [99, 'address not available'],
  ENETDOWN: [100, 'network is down'],
  ENETUNREACH: [101, 'network unreachable'],
  ENETRESET: [102, 'network dropped the connection'],
  ECONNABORTED: [103, 'connection aborted'],
  ECONNRESET: [104, 'connection reset by the other end'],
  ENOBUFS: [105, 'no buffer space'],
  EISCONN: [106, 'already connected'],
  ENOTCONN: [107, 'not connected'],
  ESHUTDOWN: [108, 'other end was shut down'],
  ETOOMANYREFS: [109, 'too many references'],
  ETIMEDOUT: [110, 'timed out'],
  ECONNREFUSED: [111, 'connection refused'],
  EHOSTDOWN: [112, 'host is down'],
  EHOSTUNREACH: [113, 'no route to the host'],
  EALREADY: [114, 'already in progress'],
  EINPROGRESS: [115, 'now in progress'],
  ESTALE: [116, 'stale file handle'],
  EUCLEAN: [117, 'file system needs cleaning'],
  ENOTNAM: [118, 'not a XENIX named file'],
  ENAVAIL: [119, 'no XENIX semaphores'],
  EISNAM: [120, 'is a named file'],
  EREMOTEIO: [121, 'remote input or output failed'],
  EDQUOT: [122, 'disk quota used up'],
  ENOMEDIUM: [123, 'no medium in the drive'],
  EMEDIUMTYPE: [124, 'wrong medium type'],
  ECANCELED: [125, 'cancelled'],
  ENOKEY: [126, 'key not available'],
  EKEYEXPIRED: [127, 'key expired'],
  EKEYREVOKED: [128, 'key revoked'],
  EKEYREJECTED: [129, 'key rejected'],
  EOWNERDEAD: [130, 'owner of the lock died'],
  ENOTRECOVERABLE: [131, "state can't be recovered"],
  ERFKILL: [132, 'radio is switched off'],
  EHWPOISON: [133, 'memory page has a hardware error'],
  // The kernel's own ENOTSUPP isn't meant for programs, but several file systems and drivers let it escape.
  ENOTSUPP: [524, 'operation not supported'],
} as const satisfies Readonly<Record<string, readonly [number: number, meaning: string]>>;

/** Second names of the same numbers. */
const aliases = { EWOULDBLOCK: 'EAGAIN', EDEADLOCK: 'EDEADLK', ENOTSUP: 'EOPNOTSUPP' } as const;

/** A name of {@link errnoName}, e.g. `EPERM`. */
export type ErrnoName = keyof typeof errnos;

const nameByNumber: ReadonlyMap<number, ErrnoName> = new Map(
  Object.entries(errnos).map(([name, [number]]) => [number, name as ErrnoName]),
);

function row(name: string): readonly [number: number, meaning: string] | undefined {
  const known = Object.hasOwn(aliases, name) ? aliases[name as keyof typeof aliases] : name;
  return Object.hasOwn(errnos, known) ? errnos[known as ErrnoName] : undefined;
}

/**
 * Name of an error number; `errno 4095` for one that Linux doesn't have. Negative numbers, as the kernel returns them, count
 * like positive ones.
 *
 * @see errno(3)
 * @example
 * ```ts
 * import { errnoName } from '@haco/sys';
 * errnoName(1); // 'EPERM'
 * ```
 */
export function errnoName(number: number): string {
  const positive = Math.abs(number);
  return nameByNumber.get(positive) ?? `errno ${String(positive)}`;
}

/** Number of an error name, also of second names such as `ENOTSUP`; undefined when Linux has no such error. */
export function errnoNumber(name: string): number | undefined {
  return row(name)?.[0];
}

/** What an error means in a few words, without knowing where it happened; see `hintFor` for the place. */
export function errnoMeaning(name: string): string {
  return row(name)?.[1] ?? 'unknown error';
}
