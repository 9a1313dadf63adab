import { expect, it } from 'vitest';
import { cluster, haco, type MemberOptions } from '../index.js';

const problems = (made: ReturnType<typeof cluster>): string => made.containers()._unsafeUnwrapErr().message;

it('the containers of a cluster have the names of their members, or their own', () => {
  const made = cluster(
    { web: { builder: haco(), count: 2 }, db: (base) => base.name('data'), plain: haco() },
    { name: 'shop', base: haco().command('true') },
  );
  const containers = made.containers()._unsafeUnwrap();
  expect(containers.map(({ name, member }) => [name, member])).toEqual([
    ['shop-web-1', 'web'],
    ['shop-web-2', 'web'],
    ['data', 'db'],
    ['shop-plain', 'plain'],
  ]);
  expect(containers[2]?.builder.spec()._unsafeUnwrap().process.command?.file).toBe('true');
  expect(cluster({ b: haco(), a: haco() }).name).toBe('a-b');
});

it('every problem of every member is told, with its path', () => {
  const made = cluster(
    {
      web: { builder: haco().cpu(-1), count: 0, dependsOn: ['db', 'app'] },
      app: { builder: haco(), dependsOn: ['web'] },
      few: { builder: haco(), count: 2 },
      side: { builder: haco(), share: { net: 'few' } },
    } as unknown as Readonly<Record<string, MemberOptions>>,
    { name: '../x' },
  );
  expect(problems(made)).toBe(
    'The spec has 6 problems: cluster.name: "../x" is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit; ' +
      'cluster.web.count: must be a whole number from 1 to 1024; ' +
      'cluster.web.dependsOn[0]: "db" is no member; there are web, app, few, side; ' +
      'cluster.web.dependsOn[1]: needs itself: web needs app needs web; none of them could start first; ' +
      'cluster.side.share.net: "few" is several containers; share that of one; ' +
      'cluster.web.cgroups.cpu: -1 is not between 1 and 819200 percent of one CPU.',
  );
});

it('what is no builder, nothing at all, and two of a name are refused', () => {
  expect(problems(cluster({ web: (() => 3) as never }))).toBe(
    'The spec is invalid: cluster.web.builder: must be a builder (haco()…), or give one.',
  );
  expect(problems(cluster({}))).toBe('The spec is invalid: cluster: has no members; give one at least.');
  expect(problems(cluster({ a: haco().name('x'), b: haco().name('x') }))).toBe(
    'The spec is invalid: cluster.b: a second container has the name x.',
  );
});
