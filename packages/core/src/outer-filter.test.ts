import { StateError, SyscallError } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { withFilter } from './outer-filter.js';

const refused = (errno: string, hint = 'it needs CAP_SYS_ADMIN; run as root'): SyscallError =>
  new SyscallError({ step: 'set the host name "x"', call: 'sethostname("x", 1)', syscall: 'sethostname', errno, hint });

function filtered(): boolean {
  return true;
}

function unfiltered(): boolean {
  return false;
}

describe('a failure', () => {
  test('below a filter names it as a cause', () => {
    expect(withFilter(refused('EPERM'), filtered).message).toBe(
      'Could not set the host name "x": sethostname("x", 1) failed with EPERM; it needs CAP_SYS_ADMIN; run as root; or the seccomp filter that this process lives under (that of an outer container, perhaps) refuses sethostname: allow it there.',
    );
  });

  test.each([
    ['without a filter', refused('EPERM'), unfiltered],
    ['of which a filter is named already', refused('EPERM', 'an outer seccomp filter forbids it'), filtered],
    ['that no filter makes', refused('ENOENT'), filtered],
    ['of another kind', new StateError({ what: 'start', state: 'stopped', remedy: 'start it' }), filtered],
  ] as const)('%s is as it was', (_, error, isFiltered) => {
    expect(withFilter(error, isFiltered)).toBe(error);
  });
});
