import { describe, expect, it } from 'vitest';
import type { ContainerState } from '@haco/core';
import { sorted } from './columns.js';
import { frame } from './frame.js';
import { usageBetween, type Look, type Sample, type Usage } from './sample.js';

const plain = { sort: 'cpu', paused: false, paint: (_style: string, text: string) => text } as const;

const usage = (name: string, more: Partial<Usage> = {}): Usage => ({
  name,
  status: 'running',
  pid: 1,
  cpuPercent: undefined,
  memoryBytes: undefined,
  memoryMaxBytes: undefined,
  pids: undefined,
  pidsMax: undefined,
  readBytesPerSecond: undefined,
  writeBytesPerSecond: undefined,
  pressure: { cpu: undefined, memory: undefined, io: undefined },
  upMs: undefined,
  ...more,
});

const names = (usages: readonly Usage[]): readonly string[] => usages.map(({ name }) => name);

describe('the picture of haco top', () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    usage(`c${String(index).padStart(2, '0')}`, { cpuPercent: index }),
  );

  it.each([
    { columns: 80, rows: 24 },
    { columns: 20, rows: 5 },
    { columns: 300, rows: 100 },
    { columns: 1, rows: 1 },
  ])('fits a screen of %j', (size) => {
    const lines = frame(many, { ...plain, size });
    expect(lines.length).toBe(Math.min(size.rows, Math.max(lines.length, size.rows)));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(size.columns, 1));
  });

  it('shows the largest first, and says how many there is no room for', () => {
    const lines = frame(many, { ...plain, size: { columns: 120, rows: 10 } });
    expect(lines[0]).toBe('haco top: 50 containers, cpu 1225%, memory 0B, by cpu');
    expect(lines[2]).toMatch(/^c49 +running +1 +49\.0%/);
    expect(lines[7]).toBe('… and 45 more');
    expect(lines.at(-1)).toMatch(/^q quit/);
  });

  it('sorts what is not known last', () => {
    const some = [
      usage('b'),
      usage('a', { cpuPercent: 1, memoryBytes: 5 }),
      usage('c', { cpuPercent: 9, pids: 3, writeBytesPerSecond: 7 }),
    ];
    expect(names(sorted(some, 'cpu'))).toEqual(['c', 'a', 'b']);
    expect(names(sorted(some, 'memory'))).toEqual(['a', 'b', 'c']);
    expect(names(sorted(some, 'pids'))).toEqual(['c', 'a', 'b']);
    expect(names(sorted(some, 'io'))).toEqual(['c', 'a', 'b']);
    expect(names(sorted(some, 'name'))).toEqual(['a', 'b', 'c']);
  });
});

describe('rates', () => {
  const state = (startTime: number): ContainerState =>
    ({ status: 'running', pid: 7, startTime, startedAt: null }) as unknown as ContainerState;
  const sample = (startTime: number, atMs: number, usageMs: number, readBytes: number): Sample => {
    const stats = {
      atMs,
      cpu: { usageMs },
      io: { devices: [], readBytes, writeBytes: 0 },
      memory: { currentBytes: 10, maxBytes: 'max', stat: {}, events: {} },
    } as unknown as Look['stats'];
    return new Map([['x', { name: 'x', state: state(startTime), stats, processes: undefined }]]);
  };

  it('are what grew per second; nothing is known of a new container', () => {
    const [first] = usageBetween(new Map(), sample(1, 1000, 50, 0));
    expect(first).toMatchObject({ cpuPercent: undefined, memoryBytes: 10, memoryMaxBytes: undefined });
    const [next] = usageBetween(sample(1, 1000, 50, 0), sample(1, 3000, 1050, 4096));
    expect(next).toMatchObject({ cpuPercent: 50, readBytesPerSecond: 2048, writeBytesPerSecond: 0 });
    const [other] = usageBetween(sample(1, 1000, 50, 0), sample(2, 3000, 10, 0));
    expect(other?.cpuPercent).toBeUndefined();
  });

  it('are added up from processes where no cgroup counts', () => {
    const look = (atMs: number, cpuMs: number): Sample =>
      new Map([
        [
          'x',
          { name: 'x', state: state(1), stats: undefined, processes: { atMs, cpuMs, memoryBytes: 4096, count: 2 } },
        ],
      ]);
    expect(usageBetween(look(0, 0), look(1000, 250))[0]).toMatchObject({ cpuPercent: 25, memoryBytes: 4096, pids: 2 });
  });
});
