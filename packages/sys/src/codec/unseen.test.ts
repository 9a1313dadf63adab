import { describe, expect, it } from 'vitest';
import { syscall, type Operation } from '@haco/plan';
import { countUnseen } from './unseen.js';

const clone = (value: number): Operation => ({ op: 'clone', flags: { flags: [], value } });
const ownMounts = clone(0x20000);
const mount = (flags: number): Operation => syscall('mount', [0, '/', 0, flags, 0]);
const apart = mount(0x44000);
const openTree = syscall('open_tree', [-100, '/srv', 1], { save: 'root' });
const moveMount = syscall('move_mount', [{ slot: 'root' }, '', -100, '/', 4]);
const openAt = (flags: number): Operation =>
  syscall('openat2', [
    { slot: 'root' },
    '/proc',
    { struct: [{ name: 'flags', type: 'u64', value: { flags: [], value: flags } }] },
    24,
  ]);

/** One step for each list. */
const count = (...steps: readonly (readonly Operation[])[]): number =>
  countUnseen(
    steps.flatMap((operations) =>
      operations.map((operation, index) => ({ origin: { operation }, last: index === operations.length - 1 })),
    ),
  );

describe('what nobody sees of a plan', () => {
  it('is the new process itself, and mounts that spread nowhere', () => {
    expect(count([ownMounts], [apart], [openTree, moveMount], [syscall('umask', [0])])).toBe(5);
    expect(count([ownMounts], [mount(0x84000)], [openTree, moveMount])).toBe(4);
  });

  it('ends before mounts of a namespace that others are in, or that spread to others', () => {
    expect(count([clone(0)], [apart], [openTree, moveMount])).toBe(1);
    expect(count([ownMounts], [openTree], [moveMount])).toBe(2);
    expect(count([ownMounts], [mount(0x104000)], [openTree])).toBe(1);
  });

  it('ends before a file is made or opened, or a filesystem that was there before', () => {
    expect(count([ownMounts], [openAt(0o10000000)], [openAt(0)])).toBe(2);
    expect(count([ownMounts], [syscall('fsopen', ['tmpfs', 1])], [syscall('fsopen', ['overlay', 1])])).toBe(2);
    expect(count([ownMounts], [syscall('mkdirat', [{ slot: 'root' }, 'x', 0o755])])).toBe(1);
  });

  it('ends with a step: what an operation leaves out lies in one', () => {
    expect(count([ownMounts], [apart], [openTree, moveMount, syscall('chmod', ['x', 0])])).toBe(2);
    expect(count([ownMounts, syscall('sethostname', ['x', 1])])).toBe(0);
  });
});
