/** What may be said of resources, as the compiler sees it. */
import { describe, expectTypeOf, test } from 'vitest';
import type { CgroupsSection, ResourceLimits, Resources } from './index.js';

describe('resources', () => {
  test('sizes and durations may be text where a person writes, and are numbers in a section', () => {
    expectTypeOf<'256MiB'>().toExtend<NonNullable<Resources['memory']>['high']>();
    expectTypeOf<NonNullable<ResourceLimits['memory']>['high']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<NonNullable<ResourceLimits['cpuset']>['cpus']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<CgroupsSection['resources']>().toEqualTypeOf<ResourceLimits | undefined>();
  });

  test('what is in a section may be given again', () => {
    expectTypeOf<ResourceLimits>().toExtend<Resources>();
  });

  test('unknown resources and words do not compile', () => {
    // @ts-expect-error no such resource
    const disk: Resources = { disk: {} };
    // @ts-expect-error no such word
    const speed: Resources = { cpu: { speed: 1 } };
    // @ts-expect-error a switch
    const idle: Resources = { cpu: { idle: 1 } };
    // @ts-expect-error a rule says whether it allows
    const rule: Resources = { devices: [{ type: 'c' }] };
    expectTypeOf([disk, speed, idle, rule]).not.toBeNever();
  });
});
