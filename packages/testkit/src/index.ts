/**
 * What the tests of haco share: a probe program, root filesystems, host snapshots, reasons to skip, strace, other users and
 * hidden syscalls.
 *
 * @packageDocumentation
 */
export * from './as-user.js';
export * from './bare-host.js';
export { buildProgram, type ProgramSources } from './build-program.js';
export * from './cpu-time.js';
export * from './describe-with.js';
export * from './expect-nothing-left.js';
export * from './hide-syscall.js';
export * from './host-snapshot.js';
export * from './mountinfo.js';
export * from './node-with.js';
export * from './probe.js';
export * from './probe-answers.js';
export * from './random.js';
export * from './requires.js';
export * from './rootfs.js';
export * from './run-command.js';
export * from './stored-hosts.js';
export * from './strace.js';
export * from './subordinate-ids.js';
export * from './syscalls.js';
export * from './temporary.js';
export { ownLaunchers } from './own-launchers.js';
export { processesWith } from './processes.js';
