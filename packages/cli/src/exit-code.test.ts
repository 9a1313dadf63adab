import { NotFoundError, StateError, SyscallError } from '@haco/core';
import { describe, expect, it } from 'vitest';
import { UsageError } from './command-line/usage-error.js';
import { exitCodeOf, exitCodeOfError } from './exit-code.js';

const execve = (errno: string) =>
  new SyscallError({ step: 'execute x', call: 'execve("x")', syscall: 'execve', errno, hint: 'do something' });

describe('exit codes', () => {
  it.each([
    [{ exitCode: 0, signal: null }, 0],
    [{ exitCode: 42, signal: null }, 42],
    [{ exitCode: null, signal: 'SIGTERM' as const }, 143],
    [{ exitCode: null, signal: 'SIGKILL' as const }, 137],
    [{ exitCode: null, signal: 'SIGRTMIN+1' as const }, 163],
  ])('of %j', (outcome, code) => {
    expect(exitCodeOf(outcome)).toBe(code);
  });

  it('tell a command that is missing from one that is none, and both from failures of haco', () => {
    expect(exitCodeOfError(new NotFoundError({ what: 'command', subject: 'x', remedy: '' }))).toBe(127);
    expect(exitCodeOfError(execve('EACCES'))).toBe(126);
    expect(exitCodeOfError(execve('ENOEXEC'))).toBe(126);
    expect(exitCodeOfError(execve('ENOMEM'))).toBe(125);
    expect(exitCodeOfError(new NotFoundError({ what: 'rootfs', subject: 'x', remedy: '' }))).toBe(125);
    expect(exitCodeOfError(new StateError({ what: '', state: '', remedy: '' }))).toBe(125);
    expect(exitCodeOfError(new UsageError('x'))).toBe(125);
  });
});
