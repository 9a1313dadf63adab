/** What people may ask of the rlimits part, and what it asks of the kernel. */
import { Rejected, renderPlan, type HostFacts, type PlanContext } from '@haco/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rlimitKind, rlimitKinds, type RlimitKind, type RlimitName } from './kinds.js';
import { rlimits } from './part.js';
import type { RlimitsSection } from './section.js';

// Only what the part looks at.
const context = { host: { nrOpen: 1_048_576 } as HostFacts } as PlanContext;
const kinds = Object.keys(rlimitKinds) as readonly RlimitKind[];

function rlimit(...args: Parameters<typeof rlimits.verbs.rlimit> extends [unknown, ...infer A] ? A : never): unknown {
  return rlimits.verbs.rlimit({}, ...args);
}

describe('rlimit', () => {
  test('takes any spelling of all sixteen kinds', () => {
    expect(kinds).toHaveLength(16);
    for (const kind of kinds) {
      for (const spelling of [kind, kind.toUpperCase(), `RLIMIT_${kind.toUpperCase()}`]) {
        expect(rlimitKind(spelling)).toBe(kind);
      }
    }
  });

  test('adds up, replaces the same kind, and takes the soft limit as the hard one', () => {
    const section = rlimits.verbs.rlimit({ core: { soft: 0, hard: 0 } }, 'NOFILE', 256);
    expect(section).toEqual({ core: { soft: 0, hard: 0 }, nofile: { soft: 256, hard: 256 } });
    expect(rlimits.verbs.rlimit(section as RlimitsSection, 'nofile', 1, 'unlimited')).toEqual({
      core: { soft: 0, hard: 0 },
      nofile: { soft: 1, hard: 'unlimited' },
    });
  });

  test('understands units that fit the kind', () => {
    expect(rlimit('fsize', '10MiB')).toEqual({ fsize: { soft: 10_485_760, hard: 10_485_760 } });
    expect(rlimit('cpu', '1m30s', '2m')).toEqual({ cpu: { soft: 90, hard: 120 } });
    expect(rlimit('cpu', '1ms')).toEqual({ cpu: { soft: 1, hard: 1 } });
    expect(rlimit('rttime', '5ms')).toEqual({ rttime: { soft: 5000, hard: 5000 } });
    expect(rlimit('nofile', '64')).toEqual({ nofile: { soft: 64, hard: 64 } });
  });

  test.each([
    ['nofiles', 1, 'rlimits', '"nofiles" is no resource limit; use one of cpu, fsize, data'],
    ['__proto__', 1, 'rlimits', '"__proto__" is no resource limit'],
    ['nofile', '10MiB', 'rlimits.nofile.soft', '"10MiB" is not a number'],
    ['nofile', -1, 'rlimits.nofile.soft', '-1 is not a whole, non-negative number; for no limit write "unlimited"'],
    ['fsize', 0.5, 'rlimits.fsize.soft', '0.5 is not a whole, non-negative number'],
  ])('refuses %s %s', (kind, value, path, message) => {
    const outcome = rlimit(kind as RlimitName, value);
    expect(outcome).toBeInstanceOf(Rejected);
    expect((outcome as Rejected).issues[0]?.path).toBe(path);
    expect((outcome as Rejected).issues[0]?.message).toContain(message);
  });

  test('reports both values when both are wrong', () => {
    expect((rlimit('nofile', 'a', 'b') as Rejected).issues.map(({ path }) => path)).toEqual([
      'rlimits.nofile.soft',
      'rlimits.nofile.hard',
    ]);
  });
});

describe('validate', () => {
  test('a soft limit above the hard one', () => {
    const section: RlimitsSection = {
      nofile: { soft: 2, hard: 1 },
      core: { soft: 'unlimited', hard: 5 },
      cpu: { soft: 5, hard: 'unlimited' },
      as: { soft: -1, hard: 1 },
    };
    expect(rlimits.validate(section).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'rlimits.core: the soft limit unlimited is above the hard limit 5; raise the hard limit',
      'rlimits.nofile: the soft limit 2 is above the hard limit 1; raise the hard limit',
      'rlimits.as: -1 is negative; for no limit write "unlimited"',
    ]);
  });

  test('sections survive JSON', () => {
    const value = fc.oneof(fc.nat(), fc.constant('unlimited' as const));
    const limit = fc.record({ soft: value, hard: value });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...kinds), limit, { noNullPrototype: true }), (section) => {
        const json: unknown = JSON.parse(JSON.stringify(section));
        expect(rlimits.parse(json)._unsafeUnwrap()).toEqual(section);
      }),
    );
  });

  test('JSON of another shape is refused with its paths', () => {
    const issues = rlimits.parse({ nofile: { soft: '1', hard: 1 }, files: {} })._unsafeUnwrapErr();
    expect(issues.map(({ path }) => path)).toEqual(['files', 'nofile.soft']);
  });
});

describe('plan', () => {
  test('one prlimit64 for each kind, on the container itself', () => {
    const steps = rlimits.plan({ nofile: { soft: 256, hard: 1024 }, core: { soft: 'unlimited', hard: 'unlimited' } });
    expect(renderPlan({ version: 1, name: '', steps, warnings: [] })).toMatchInlineSnapshot(`
      "Plan: 2 steps

      In the container's first process:
        1 [limits] limit core to unlimited
          why: limits the size of a core dump (rlimits.core, getrlimit(2))
            prlimit64(0, RLIMIT_CORE, {rlim_cur=RLIM64_INFINITY, rlim_max=RLIM64_INFINITY}, 0)
        2 [limits] limit nofile to 256, at most 1024
          why: limits one more than the highest file descriptor (rlimits.nofile, getrlimit(2))
            prlimit64(0, RLIMIT_NOFILE, {rlim_cur=256, rlim_max=1024}, 0)
      "
    `);
    expect(steps.flatMap(({ enforces }) => enforces)).toEqual(['rlimit:core', 'rlimit:nofile']);
  });
});

describe('check', () => {
  test('more descriptors than the kernel gives', () => {
    const warnings = (hard: number | 'unlimited'): number =>
      rlimits.check({ nofile: { soft: 1, hard } }, context).length;
    expect(warnings(1_048_576)).toBe(0);
    expect(warnings(1_048_577)).toBe(1);
    expect(warnings('unlimited')).toBe(1);
  });
});
