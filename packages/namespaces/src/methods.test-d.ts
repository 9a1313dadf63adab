/** What compiles, and what must not: a verb that needs a namespace asks for it. */
import { describe, expectTypeOf, test } from 'vitest';
import type { NamespaceMethods } from './methods.js';

interface Builder extends NamespaceMethods {
  command(file: string): this;
}
declare const haco: Builder;

describe('marks', () => {
  test('a host name needs a uts namespace', () => {
    expectTypeOf(haco.unshare('pid', 'uts').hostname('x').command('true')).toExtend<Builder>();
    haco.enter('uts', { pid: 1 }).command('true').hostname('x');
    // @ts-expect-error there is no uts namespace to rename
    haco.unshare('pid').hostname('x');
    // @ts-expect-error nor a domain name
    haco.domainname('x');
  });

  test('maps need a user namespace, offsets a time namespace', () => {
    haco
      .unshare('user')
      .mapUsers('self')
      .mapGroups([{ inside: 0, outside: 0, count: 1 }]);
    haco.unshare('time').timeOffsets({ monotonicMs: 1 });
    // @ts-expect-error nothing to map
    haco.unshare('pid').mapUsers('self');
    // @ts-expect-error no clocks of its own
    haco.unshare('pid').timeOffsets({ monotonicMs: 1 });
  });

  test('only a namespace that the container has can be persisted', () => {
    haco.unshare('net', 'uts').persist('net', '/run/netns/x').hostname('x');
    // @ts-expect-error not unshared
    haco.unshare('uts').persist('net', '/run/netns/x');
  });

  test('kinds are checked, also when they come as a list', () => {
    const kinds = ['pid', 'uts'] as const;
    haco.unshare(...kinds).hostname('x');
    // @ts-expect-error no such kind
    haco.unshare('pids');
    // @ts-expect-error a target is needed
    haco.enter('net', {});
  });
});
