/** A vitest `describe` that is left out, with a printed reason, where the machine can't run it. */
import process from 'node:process';
import { describe, it } from 'vitest';
import { type Requirement, requires } from './requires.js';

/**
 * With `HACO_NO_SKIP=1` nothing is left out: what is missing then fails the run.
 *
 * @example
 * describeWith(['root', 'cgroup2'], 'memory limits', () => { … });
 */
export function describeWith(requirements: readonly Requirement[], name: string, tests: () => void): void {
  const met = requires(...requirements);
  if (met.ok) {
    describe(name, tests);
  } else if (process.env['HACO_NO_SKIP'] === '1') {
    describe(name, () => {
      it('has what it needs', () => {
        throw new Error(`${name} can't run here: ${met.reason}. HACO_NO_SKIP=1 forbids to leave it out.`);
      });
    });
  } else {
    // Not console.log, which vitest holds back and decorates: .ci/run counts these lines.
    process.stderr.write(`SKIPPED ${name}: ${met.reason}\n`);
    describe.skip(name, tests);
  }
}
