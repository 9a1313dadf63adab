import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slot, struct, syscall, type Operation, type Phase, type Step } from '@haco/plan';
import { arbitraryFds, arbitrarySteps } from '../fixtures/arbitrary-plan.js';
import { decodePlan, decodeSteps } from './decode.js';
import { EncodeError, encodePlan, wireOrder, type EncodeOptions } from './encode.js';
import * as wire from './wire.js';

const options: EncodeOptions = { arch: 'x64', callerPid: 4711, dieWithCaller: true, notify: false, fds: arbitraryFds };
const step = (phase: Phase, ...operations: readonly Operation[]): Step => ({
  id: phase,
  phase,
  label: phase,
  why: '',
  from: '',
  operations,
});
const clone: Operation = { op: 'clone', flags: { flags: [], value: 0 } };
const encode = (...operations: readonly Operation[]) => encodePlan([step('prepare', ...operations)], options);
const nothing = syscall('getpid', []);

describe('encoding', () => {
  it('keeps every operation as it was, on both architectures', () => {
    fc.assert(
      fc.property(arbitrarySteps, fc.constantFrom('x64' as const, 'arm64' as const), (steps, arch) => {
        const { bytes } = encodePlan(steps, { ...options, arch });
        expect(decodeSteps(bytes, steps, { arch, fds: arbitraryFds })).toEqual(
          steps.map(({ operations }) => operations),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('knows the operation behind every one on the wire', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const { bytes, origins } = encodePlan(steps, options);
        const { ops, header } = decodePlan(bytes);
        expect(origins).toHaveLength(ops.length);
        ops.forEach((op, index) => expect(origins[index]?.step).toEqual(steps[op.step]));
        // The launcher changes processes at these two.
        origins.forEach(({ step: { phase } }, index) => {
          const group = index < header.parent ? 'before' : index < header.undo ? 'parent' : 'undo';
          expect(group).toBe(phase === 'parent' || phase === 'undo' ? phase : 'before');
        });
      }),
    );
  });

  it('marks the last operation of each step, and only that', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const { ops } = decodePlan(encodePlan(steps, options).bytes);
        ops.forEach((op, index) => {
          expect((op.flags & wire.opFlags.stepEnd) !== 0).toBe(ops[index + 1]?.step !== op.step);
        });
      }),
    );
  });

  it('shares out buffers and report, and nothing else', () => {
    const { bytes, outs, reportOffset } = encode(
      syscall('read', [0, { out: 'text', size: 10 }, 'private']),
      syscall('readv', [0, struct({ name: 'base', type: 'u64', value: { out: 'text', size: 10 } }), 1]),
    );
    const { shared } = decodePlan(bytes).header;
    expect(outs.get('text')).toEqual({ offset: shared, size: 10 });
    expect(reportOffset).toBe(shared + 16);
    expect(bytes.subarray(shared).every((byte) => byte === 0)).toBe(true);
    expect(bytes.subarray(0, shared).includes('private')).toBe(true);
  });

  it('tells the launcher when to make the new process wait', () => {
    const flagsOf = (...steps: readonly Step[]) => decodePlan(encodePlan(wireOrder(steps), options).bytes).header.flags;
    const { sync, init, dieWithCaller } = wire.planFlags;
    expect(flagsOf(step('clone', clone))).toBe(dieWithCaller);
    expect(flagsOf(step('clone', clone), step('parent', nothing))).toBe(dieWithCaller | sync);
    expect(flagsOf(step('clone', clone), step('confine', { op: 'init' }))).toBe(dieWithCaller | sync | init);
    const barrier: Operation = { op: 'barrier', name: 'hook' };
    expect(flagsOf(step('prepare', barrier), step('clone', clone))).toBe(dieWithCaller);
    // A set-up that waits for Node may take long: the launcher must see Node's end meanwhile.
    expect(flagsOf(step('clone', clone), step('session', barrier))).toBe(dieWithCaller | sync);
  });

  it('needs the channel for barriers and for operations that name it', () => {
    for (const [operations, needs] of [
      [step('prepare', nothing), false],
      [step('prepare', { op: 'barrier', name: 'hook' }), true],
      [step('session', syscall('sendmsg', [{ fd: 'channel' }])), true],
    ] as const) {
      expect(encodePlan([operations], options).usesChannel).toBe(needs);
    }
  });

  it('stores a string once, however often it is used', () => {
    const once = encode(syscall('chdir', ['/somewhere'])).bytes.length;
    const twice = encode(syscall('chdir', ['/somewhere']), syscall('chdir', ['/somewhere'])).bytes.length;
    expect(twice - once).toBe(wire.opSize);
  });
});

describe('encoding refuses', () => {
  const many = (count: number): readonly Operation[] => Array.from({ length: count }, () => nothing);
  const saving = (count: number) =>
    Array.from({ length: count }, (_, i) => syscall('dup', [0], { save: `s${String(i)}` }));

  it('more operations than the launcher takes, and takes as many as that', () => {
    expect(() => encode(...many(wire.limits.ops + 1))).toThrow(EncodeError);
    expect(decodePlan(encode(...many(wire.limits.ops)).bytes).ops).toHaveLength(wire.limits.ops);
  });

  it('more slots than there are; one is taken by the caller', () => {
    expect(() => encode(...saving(wire.limits.slots))).toThrow('slots');
    expect(decodePlan(encode(...saving(wire.limits.slots - 1)).bytes).header.nslots).toBe(wire.limits.slots);
  });

  it('more data than the launcher maps', () => {
    const bytes = Buffer.alloc(wire.limits.size).toString('base64');
    expect(() => encode(syscall('write', [1, { bytes }]))).toThrow('larger');
  });

  it('more steps than there are operations', () => {
    const steps = Array.from({ length: wire.limits.ops + 1 }, () => step('prepare'));
    expect(() => encodePlan(steps, options)).toThrow(EncodeError);
  });

  it.each<readonly [string, Operation, string]>([
    ['a NUL byte in a string', syscall('chdir', ['a\0b']), 'NUL'],
    ['a NUL byte in argv', syscall('execve', ['/a', { strings: ['a\0b'] }]), 'NUL'],
    ['a call that the architecture lacks', syscall('no_such_call', []), 'no system call'],
    ['seven arguments', syscall('mount', [1, 2, 3, 4, 5, 6, 7]), 'too many arguments'],
    ['an unknown errno', syscall('chdir', ['/'], { tolerate: ['ENOTHING'] }), 'no errno'],
    [
      'five tolerated errors',
      syscall('chdir', ['/'], { tolerate: ['EPERM', 'ENOENT', 'EIO', 'ENXIO', 'E2BIG'] }),
      'too many',
    ],
    [
      'retries of two errnos',
      syscall('chdir', ['/'], { retry: { errnos: ['EPERM', 'EIO'], times: 1 } }),
      'exactly one',
    ],
    ['too many retries', syscall('chdir', ['/'], { retry: { errnos: ['EIO'], times: 65_536 } }), '65536 times'],
    ['a fraction', syscall('close', [1.5]), 'no integer'],
    ['a number that has lost digits', syscall('close', [2 ** 53]), 'no integer'],
    ['a descriptor that nobody hands over', syscall('close', [{ fd: 'z' }]), 'named z'],
    ['a pointer in 32 bits', syscall('f', [struct({ name: 'p', type: 'u32', value: 'text' })]), 'u64'],
    [
      'a pointer that is not aligned',
      syscall('fstat', [struct({ name: 'a', type: 'u32', value: 1 }, { name: 'p', type: 'u64', value: 'text' })]),
      'multiple of 8',
    ],
    ['a skip past the end of its step', syscall('chdir', ['/'], { skipOnSuccess: 1 }), 'past its own end'],
    ['a load of what was never written', { op: 'load', from: 'x', offset: 0, save: 's' }, 'nothing was written'],
    [
      'a comparison with nothing',
      { op: 'compare', from: 'x', offset: 0, with: { bytes: '' }, must: '' },
      'nothing to compare',
    ],
    [
      'a comparison of what was never written',
      { op: 'compare', from: 'x', offset: 0, with: { bytes: 'AA==' }, must: '' },
      'nothing was written',
    ],
    ['an out buffer of no size', syscall('read', [{ out: 'x', size: 0 }]), 'no possible size'],
  ])('%s', (_, operation, reason) => {
    expect(() => encode(operation)).toThrow(EncodeError);
    expect(() => encode(operation)).toThrow(reason);
  });

  it('one out buffer in two sizes, and loads outside of it', () => {
    const write = syscall('read', [{ out: 'x', size: 8 }]);
    expect(() => encode(write, syscall('read', [{ out: 'x', size: 9 }]))).toThrow('two sizes');
    for (const offset of [8, 5, 2, -4]) {
      expect(() => encode(write, { op: 'load', from: 'x', offset, save: 's' })).toThrow(EncodeError);
    }
  });

  it('nothing that it should take', () => {
    expect(() => encode(syscall('close', [slot('never-set')]))).not.toThrow();
  });
});
