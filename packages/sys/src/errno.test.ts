import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoMeaning, errnoName, errnoNumber } from './errno.js';

describe('errno', () => {
  it('finds the name of a number, with either sign', () => {
    expect(errnoName(1)).toBe('EPERM');
    expect(errnoName(-38)).toBe('ENOSYS');
    expect(errnoName(11)).toBe('EAGAIN');
    expect(errnoName(133)).toBe('EHWPOISON');
  });

  it('shows a number that Linux does not have as it is', () => {
    expect(errnoName(0)).toBe('errno 0');
    expect(errnoName(-4095)).toBe('errno 4095');
  });

  it('finds the number of a name and of a second name', () => {
    expect(errnoNumber('EINVAL')).toBe(22);
    expect(errnoNumber('ENOTSUP')).toBe(95);
    expect(errnoNumber('EWOULDBLOCK')).toBe(11);
    expect(errnoNumber('ENOTSUPP')).toBe(524);
  });

  it('knows nothing of names that are not errors', () => {
    expect(errnoNumber('toString')).toBeUndefined();
    expect(errnoNumber('constructor')).toBeUndefined();
    expect(errnoMeaning('EWHATEVER')).toBe('unknown error');
  });

  it.runIf(process.platform === 'linux')('agrees with the numbers of Node', () => {
    for (const [name, number] of Object.entries(constants.errno))
      expect([name, errnoNumber(name)]).toEqual([name, number]);
  });

  it('has every number from 1 to 133 but the two that Linux left out, and comes back from each', () => {
    for (let number = 1; number <= 133; number += 1) {
      const name = errnoName(number);
      if (number === 41 || number === 58) expect(name).toBe(`errno ${String(number)}`);
      else expect(errnoNumber(name)).toBe(number);
    }
  });

  it('says in a few words what each means', () => {
    expect(errnoMeaning('EXDEV')).toBe('crosses a border between file systems');
    expect(errnoMeaning('ENOTSUP')).toBe('operation not supported');
  });
});
