/** Each limit of the table on the real kernel: the container has it, under the number that the table says. */
import { haco, orThrow } from '@haco/core';
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { readRlimit } from './host/prlimit.js';
import { rlimitKinds, type RlimitKind } from './kinds.js';

/** Its row in /proc/<pid>/limits; see proc_pid_limits(5). */
const rows = {
  cpu: 'Max cpu time',
  fsize: 'Max file size',
  data: 'Max data size',
  stack: 'Max stack size',
  core: 'Max core file size',
  rss: 'Max resident set',
  nproc: 'Max processes',
  nofile: 'Max open files',
  memlock: 'Max locked memory',
  as: 'Max address space',
  locks: 'Max file locks',
  sigpending: 'Max pending signals',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
} as const satisfies Record<RlimitKind, string>;

const kinds = Object.keys(rlimitKinds) as RlimitKind[];

/** What this process may give at most: without CAP_SYS_RESOURCE no more than it has. */
const most = (kind: RlimitKind): number => {
  const { hard } = readRlimit(process.pid, kind)._unsafeUnwrap();
  return hard === 'unlimited' ? Number.MAX_SAFE_INTEGER : hard;
};

/** Enough for the program that shows them, and no number twice as far as that is allowed: a wrong row would be seen. */
function limitOf(kind: RlimitKind): readonly [soft: number, hard: number] {
  const { number } = rlimitKinds[kind];
  const least = kind === 'nofile' ? 100 : ['nice', 'rtprio', 'nproc', 'sigpending'].includes(kind) ? 0 : 2 ** 28;
  const hard = Math.min(least + 2 * number + 2, most(kind));
  return [Math.max(0, hard - 1), hard];
}

describeWith(['root'], 'every limit of the kernel', () => {
  test('is set by its name, all at once', async () => {
    const limited = kinds.reduce((builder, kind) => builder.rlimit(kind, ...limitOf(kind)), haco());
    const { stdout, enforced } = await orThrow(limited.command('/bin/cat', '/proc/self/limits').run());
    for (const kind of kinds) {
      const [soft, hard] = limitOf(kind);
      expect(stdout).toMatch(new RegExp(`^${rows[kind]} +${String(soft)} +${String(hard)} `, 'm'));
    }
    expect(enforced).toEqual(Object.fromEntries(kinds.map((kind) => [`rlimit:${kind}`, 'enforced'])));
  });

  test('is unlimited by that word, where this process has no limit itself', async () => {
    const free = kinds.filter((kind) => most(kind) === Number.MAX_SAFE_INTEGER);
    expect(free.length).toBeGreaterThan(5);
    const limited = free.reduce((builder, kind) => builder.rlimit(kind, 'unlimited'), haco());
    const { stdout } = await orThrow(limited.command('/bin/cat', '/proc/self/limits').run());
    for (const kind of free) expect(stdout).toMatch(new RegExp(`^${rows[kind]} +unlimited +unlimited `, 'm'));
  });
});
