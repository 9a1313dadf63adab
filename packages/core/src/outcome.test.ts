/** Which reason an end has: what haco did, then what the kernel counted, then the wait status. */
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { decide, signalName, type KillReason } from './outcome.js';

interface Case {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly oomKills?: number;
  readonly pidsLimitHits?: number;
  readonly killed?: KillReason;
  readonly byKernel?: 'cpu-timeout' | 'seccomp';
  readonly is: readonly [reason: string, exitCode: number | null, signal: string | null];
}

const cases: Readonly<Record<string, Case>> = {
  'a command that ended well': { exitCode: 0, is: ['exited', 0, null] },
  'a command that ended with a code': { exitCode: 127, is: ['exited', 127, null] },
  'a signal of somebody else': { signal: 15, is: ['signaled', null, 'SIGTERM'] },
  'SIGKILL of somebody else': { signal: 9, is: ['signaled', null, 'SIGKILL'] },
  'the kernel short of memory': { signal: 9, oomKills: 1, is: ['oom', null, 'SIGKILL'] },
  'a child killed for memory, the command goes on': { exitCode: 0, oomKills: 1, is: ['oom', 0, null] },
  'a fork refused and the command failed': { exitCode: 2, pidsLimitHits: 3, is: ['pids-limit', 2, null] },
  'a fork refused and the command could do without': { exitCode: 0, pidsLimitHits: 3, is: ['exited', 0, null] },
  'a fork refused and the command aborted': { signal: 6, pidsLimitHits: 3, is: ['pids-limit', null, 'SIGABRT'] },
  'memory before pids': { exitCode: 1, oomKills: 1, pidsLimitHits: 1, is: ['oom', 1, null] },
  'a system call that a filter forbids': { signal: 31, byKernel: 'seccomp', is: ['seccomp', null, 'SIGSYS'] },
  'the same in a child of a shell': { exitCode: 159, byKernel: 'seccomp', is: ['seccomp', 159, null] },
  timeout: { signal: 9, killed: 'timeout', is: ['timeout', null, 'SIGKILL'] },
  'CPU time that haco watched': { signal: 9, killed: 'cpu-timeout', is: ['cpu-timeout', null, 'SIGKILL'] },
  'CPU time that the kernel watched': { signal: 24, byKernel: 'cpu-timeout', is: ['cpu-timeout', null, 'SIGXCPU'] },
  'CPU time of a child of a shell': { exitCode: 152, byKernel: 'cpu-timeout', is: ['cpu-timeout', 152, null] },
  'memory before CPU time': { signal: 9, oomKills: 1, byKernel: 'cpu-timeout', is: ['oom', null, 'SIGKILL'] },
  'CPU time before pids': { exitCode: 152, pidsLimitHits: 1, byKernel: 'cpu-timeout', is: ['cpu-timeout', 152, null] },
  abort: { signal: 9, killed: 'aborted', is: ['aborted', null, 'SIGKILL'] },
  'too much output': { signal: 9, killed: 'output-limit', is: ['output-limit', null, 'SIGKILL'] },
  'too much output, found out after the end': { exitCode: 0, killed: 'output-limit', is: ['output-limit', 0, null] },
  'timeout before memory': { signal: 9, oomKills: 1, killed: 'timeout', is: ['timeout', null, 'SIGKILL'] },
  'ended by itself before the timeout reached it': { exitCode: 3, killed: 'timeout', is: ['exited', 3, null] },
  'ended by itself before the abort reached it': { exitCode: 0, killed: 'aborted', is: ['exited', 0, null] },
};

describe('decide', () => {
  test.each(Object.entries(cases))('%s', (_name, one) => {
    const { exitCode, signal, oomKills = 0, pidsLimitHits = 0, killed, byKernel, is } = one;
    const usage = { userMs: 0, systemMs: 0, memoryPeakBytes: 0, throttledMs: 0, oomKills, pidsLimitHits };
    const ended = { stdout: 'o', stderr: 'e', durationMs: 1, usage, enforced: {}, steps: [] };
    const outcome = decide(ended, { exitCode: exitCode ?? null, signal: signal ?? null }, killed, byKernel);
    expect([outcome.reason, outcome.exitCode, outcome.signal]).toEqual(is);
    expect(outcome).toMatchObject(ended);
  });
});

describe('signalName', () => {
  test('every signal of the host has its first name', () => {
    expect(signalName(constants.signals.SIGABRT)).toBe('SIGABRT');
    expect(signalName(constants.signals.SIGIO)).toBe('SIGIO');
    expect([1, 9, 15, 31].map(signalName)).toEqual(['SIGHUP', 'SIGKILL', 'SIGTERM', 'SIGSYS']);
  });

  test('real-time signals count from SIGRTMIN', () => {
    expect([34, 64].map(signalName)).toEqual(['SIGRTMIN+0', 'SIGRTMIN+30']);
  });
});
