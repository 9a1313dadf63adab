/** The program: arguments, environment, directory, user, mask, limits, and what the kernel thinks of its memory. */
import { type Row } from '../case.js';

const user = (uid: number, gid: number, more: object = {}): Row[1] => ({ process: { user: { uid, gid, ...more } } });
const env = (...list: readonly string[]): Row[1] => ({ process: { env: list } });
const limit = (type: string, soft: unknown, hard: unknown): object => ({ type: `RLIMIT_${type}`, soft, hard });
const limits = (...rlimits: readonly object[]): Row[1] => ({ process: { rlimits } });

/** More than a number of JavaScript can say; written as it is meant. */
export const infinity = '2^64-1';

const umaskAsks = ['write /tmp/made text', 'stat /tmp/made'];
const scratch = [{ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' }];

const names = 'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME';
/** Enough for the probe to run. */
const roomy = (name: string): number => (['NICE', 'RTPRIO'].includes(name) ? 10 : 1 << 30);

export const processRows: readonly Row[] = [
  ['the base', {}],
  ['arguments with blanks, nothing and letters', {}, ['args', 'a b', '', 'ü', '"', '$HOME', '-x']],
  ['a program found in PATH', { file: 'probe' }],
  ['a program by a relative path', { file: 'bin/probe' }],
  ["a program that PATH doesn't lead to", { file: 'probe', process: { env: ['PATH=/etc:/usr'] } }],
  ['a program in a list of directories', { file: 'probe', process: { env: ['PATH=/nonesuch:/etc:/bin'] } }],
  ['a program without PATH', { file: 'probe', process: { env: [] } }],
  ["a program that isn't there", { file: '/bin/nonesuch' }],
  ['a program that is a directory', { file: '/etc' }],
  ["a program that can't be executed", { file: '/data.txt' }],
  ['an empty environment', env()],
  ['an environment with = in values and empty ones', env('A==b=c', 'B=', 'C= ')],
  ['a HOME of its own', env('PATH=/bin', 'HOME=/somewhere')],
  ['an empty HOME', env('PATH=/bin', 'HOME=')],
  ['a HOME out of /etc/passwd', { process: { user: { uid: 1234, gid: 5 } } }],
  ['a variable twice', env('PATH=/bin', 'A=1', 'B=x', 'A=2')],
  ['a variable without =', env('PATH=/bin', 'A')],
  ['a variable without a name', env('PATH=/bin', '=a')],
  ['the directory /tmp', { process: { cwd: '/tmp' } }],
  ['the directory /proc', { process: { cwd: '/proc' } }],
  ['a directory with .. in it', { process: { cwd: '/tmp/../etc' } }],
  ["a directory that isn't there", { process: { cwd: '/made/by/runtime' } }, 'stat /made/by/runtime'],
  ['a directory that is a file', { process: { cwd: '/data.txt' } }],
  ['a directory in a mount', { process: { cwd: '/tmp' }, mounts: scratch }],
  ['a directory that the user may not enter', { process: { cwd: '/root', user: { uid: 1000, gid: 1000 } } }],
  ['a user', user(1000, 1000)],
  ['a user without a group of his own', user(1000, 0)],
  ['a group alone', user(0, 1000)],
  ['a user with further groups', user(1000, 1000, { additionalGids: [5, 10, 1000] })],
  ['a user with a group twice', user(1000, 1000, { additionalGids: [7, 7, 5] })],
  ['root with further groups', user(0, 0, { additionalGids: [1, 2, 3] })],
  ['a user with a large number', user(4294967294, 4294967294)],
  ['an umask of 0', { ...user(0, 0, { umask: 0 }), mounts: scratch }, ...umaskAsks],
  ['an umask of 077', { ...user(0, 0, { umask: 0o077 }), mounts: scratch }, ...umaskAsks],
  ['an umask of 027 for a user', { ...user(1000, 1000, { umask: 0o027 }), mounts: scratch }, ...umaskAsks],
  ['an umask of 777', { ...user(0, 0, { umask: 0o777 }), mounts: scratch }, ...umaskAsks],
  ...[0, 1, 500, 1000, -500, -1000].map((oomScoreAdj): Row => [
    `oomScoreAdj ${String(oomScoreAdj)}`,
    { process: { oomScoreAdj } },
  ]),
  ['no_new_privs', { process: { noNewPrivileges: true } }],
  ['no no_new_privs', { process: { noNewPrivileges: false } }],
  ...names.split(' ').map((name): Row => [`the limit ${name}`, limits(limit(name, roomy(name), roomy(name)))]),
  ['a soft limit below the hard one', limits(limit('NOFILE', 64, 128), limit('CORE', 0, 5))],
  ['limits without end', limits(limit('CORE', infinity, infinity), limit('MEMLOCK', infinity, infinity))],
  ['a soft limit of 0', limits(limit('CORE', 0, infinity))],
];
