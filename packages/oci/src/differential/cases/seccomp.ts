/** Filters of system calls: actions, conditions on arguments, and what each call then says. */
import { type Json, type Question, type Row } from '../case.js';

const x64 = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

// By number, as on x64: what the calls say is asked of the kernel itself.
const getpriority = 140;
const call = (number: number, ...values: readonly number[]): Question => [
  'syscall',
  ...[number, ...values].map(String),
];
const personality = (value: number): Question => call(135, value);
const priorities = [call(getpriority, 0, 0), call(getpriority, 1, 0), call(getpriority, 2, 0)];

const filter = (seccomp: Json): Row[1] => ({
  linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', architectures: x64, ...seccomp } },
});
const rule = (names: readonly string[], action: string, more: Json = {}): Json => ({ names, action, ...more });
const condition = (op: string, value: number, more: Json = {}): Json => ({
  index: 0,
  value,
  op: `SCMP_CMP_${op}`,
  ...more,
});
const errno = 'SCMP_ACT_ERRNO';
const on = (...args: readonly Json[]): Row[1] =>
  filter({ syscalls: [rule(['getpriority'], errno, { errnoRet: 77, args })] });

export const seccompRows: readonly Row[] = [
  ['a filter that lets all pass', filter({}), ...priorities],
  ['a call that is refused', filter({ syscalls: [rule(['getpriority'], errno)] }), ...priorities],
  ['a call that is refused with a number', filter({ syscalls: [rule(['getpriority'], errno, { errnoRet: 38 })] }), ...priorities],
  ['a call that is refused with 0', filter({ syscalls: [rule(['getpriority'], errno, { errnoRet: 0 })] }), ...priorities],
  ['a call that is logged', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_LOG')] }), ...priorities],
  ['a call that kills', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_KILL')] }), ...priorities],
  ['a call that kills the process', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_KILL_PROCESS')] }), ...priorities],
  ['a call that kills the thread', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_KILL_THREAD')] }), ...priorities],
  ['a call that traps', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_TRAP')] }), ...priorities],
  ['a call that is for a tracer', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_TRACE', { errnoRet: 5 })] }), ...priorities],
  ['a call that is not known', filter({ syscalls: [rule(['nonesuch', 'getpriority'], errno)] }), ...priorities],
  ['two rules for one call', filter({ syscalls: [rule(['getpriority'], errno, { errnoRet: 77, args: [condition('EQ', 1)] }), rule(['getpriority'], errno, { errnoRet: 78, args: [condition('EQ', 2)] })] }), ...priorities],
  ['an argument that is equal', on(condition('EQ', 1)), ...priorities],
  ['an argument that is not equal', on(condition('NE', 1)), ...priorities],
  ['an argument that is less', on(condition('LT', 1)), ...priorities],
  ['an argument that is less or equal', on(condition('LE', 1)), ...priorities],
  ['an argument that is greater', on(condition('GT', 1)), ...priorities],
  ['an argument that is greater or equal', on(condition('GE', 1)), ...priorities],
  ['an argument with some bits', on(condition('MASKED_EQ', 2, { valueTwo: 2 })), ...priorities],
  ['two arguments', on(condition('EQ', 1), condition('EQ', 0, { index: 1 })), ...priorities, call(getpriority, 1, 1)],
  ['one argument twice', on(condition('EQ', 1), condition('EQ', 2)), ...priorities],
  ['an argument of 64 bits', filter({ syscalls: [rule(['personality'], errno, { errnoRet: 77, args: [condition('EQ', 4294967295)] })] }), personality(4294967295), personality(-1)],
  ['a default that refuses', filter({ defaultAction: errno, syscalls: [rule(everything(), 'SCMP_ACT_ALLOW')] }), ...priorities],
  ['a default with a number', filter({ defaultAction: errno, defaultErrnoRet: 99, syscalls: [rule(everything(), 'SCMP_ACT_ALLOW')] }), ...priorities],
  ['a filter without architectures', { linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule(['getpriority'], errno)] } } }, ...priorities],
  ['a filter and no_new_privs', { ...filter({ syscalls: [rule(['getpriority'], errno)] }), process: { noNewPrivileges: true } }, ...priorities],
  ['a filter for a user', { ...filter({ syscalls: [rule(['getpriority'], errno)] }), process: { user: { uid: 1000, gid: 1000 } } }, ...priorities],
  ['a filter for a user with no_new_privs', { ...filter({ syscalls: [rule(['getpriority'], errno)] }), process: { noNewPrivileges: true, user: { uid: 1000, gid: 1000 } } }, ...priorities],
  ['a filter with flags', filter({ flags: ['SECCOMP_FILTER_FLAG_LOG'], syscalls: [rule(['getpriority'], errno)] }), ...priorities],
  ['a filter with an action that doesn\'t exist', filter({ defaultAction: 'SCMP_ACT_BOGUS' })],
  ['a rule with an action that doesn\'t exist', filter({ syscalls: [rule(['getpriority'], 'SCMP_ACT_BOGUS')] })],
  ['a rule with an operator that doesn\'t exist', on(condition('BOGUS', 1))],
  ['a filter with an architecture that doesn\'t exist', filter({ architectures: ['SCMP_ARCH_BOGUS'], syscalls: [rule(['getpriority'], errno)] })],
  ['a filter with a flag that doesn\'t exist', filter({ flags: ['SECCOMP_FILTER_FLAG_BOGUS'], syscalls: [rule(['getpriority'], errno)] })],
  ['a rule about the seventh argument', on(condition('EQ', 1, { index: 6 }))],
]; // prettier-ignore

/** What the probe and every runtime need to come to their end. */
function everything(): readonly string[] {
  return (
    'read write open openat close stat fstat newfstatat lstat statx poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask ' +
    'rt_sigreturn rt_sigpending ioctl pread64 readv writev access pipe select sched_yield dup dup2 getpid sendto socket exit execve uname fcntl ' +
    'getcwd readlink umask getrlimit prlimit64 getuid getgid geteuid getegid getppid getpgid getsid getgroups getresuid getresgid ' +
    'setfsuid setfsgid capget prctl arch_prctl gettid futex set_tid_address getdents getdents64 exit_group set_robust_list openat2 close_range ' +
    'statfs faccessat faccessat2 setpriority tgkill sigaltstack nanosleep epoll_ctl epoll_pwait setns seccomp rseq clone clone3 getpgrp'
  ).split(' ');
}
