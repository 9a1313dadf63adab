/** A state as tests need it. */
import type { ContainerState } from './container-state.js';

/** A container that has ended well. */
export function sampleState(more: Partial<ContainerState> = {}): ContainerState {
  return {
    version: 1,
    name: 'web',
    status: 'stopped',
    pid: null,
    startTime: null,
    supervisor: null,
    spec: { version: 1 },
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:01.000Z',
    outcome: {
      reason: 'exited',
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: '',
      durationMs: 1000,
      usage: {
        userMs: 0,
        systemMs: 0,
        memoryPeakBytes: 0,
        oomKills: 0,
        pidsLimitHits: 0,
        throttledMs: 0,
      },
      enforced: {},
      steps: [],
    },
    failure: null,
    rootfs: null,
    cgroups: [],
    logFile: null,
    pidFile: null,
    metadata: {},
    restarts: 0,
    health: null,
    autoRemove: false,
    stopRequested: false,
    bootId: 'boot',
    ...more,
  };
}
