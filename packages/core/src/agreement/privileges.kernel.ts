/** In which order privileges go (DESIGN §7.5), as the kernel sees it: no step may take away what a later one needs, or leave a way back. */
import { beforeAll, expect, test } from 'vitest';
import { describeWith, type StraceCall } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, type Builder } from '../index.js';
import { compare } from './fixture.js';

const shown = ({ name, args }: StraceCall): string => `${name}(${args.join(', ')})`;

/** What the process that becomes the command calls, up to that. */
async function callsOf(builder: Builder, served: boolean): Promise<readonly string[]> {
  const { calls } = await compare(builder.command('/bin/true'), { served });
  // The last one: a fork server gets ready by starts of its own.
  const execution = calls.findLastIndex(
    ({ name, args, errno }) => name === 'execve' && args[0] === '"/bin/true"' && errno === null,
  );
  const pid = calls[execution]?.pid;
  return calls.filter((call, index) => index <= execution && call.pid === pid).map(shown);
}

/** Where they part: one of `order` that isn't there, or that isn't wholly before the next one. */
function disorder(calls: readonly string[], order: readonly RegExp[]): string | undefined {
  let last = -1;
  for (const call of order) {
    const places = calls.flatMap((text, index) => (call.test(text) ? [index] : []));
    if (places.length === 0) return `no ${String(call)}`;
    if (Math.min(...places) < last) return `${String(call)} too early`;
    last = Math.max(...places);
  }
  return undefined;
}

/** The ids of the test; what remains of the sets is CAP_NET_BIND_SERVICE. */
const asUser = () => haco().unshare('pid').user(1000, 1001, [20]).caps('net_bind_service');
const ids = [/^setgroups\(1, \[20\]\)$/, /^setresgid\(1001, 1001, 1001\)$/, /^setresuid\(1000, 1000, 1000\)$/] as const;
const sets = [
  /^prctl\(PR_CAPBSET_DROP, /,
  /^capset\(.*permitted=1<<CAP_NET_BIND_SERVICE, inheritable=1<<CAP_NET_BIND_SERVICE\}\)$/,
] as const;
const filter = /^seccomp\(SECCOMP_SET_MODE_FILTER, /;
const execution = /^execve\("\/bin\/true", /;

describeWith(['root', 'probe', 'strace', 'seccomp', 'landlock'], 'privileges go in order', () => {
  beforeAll(warmUp);

  for (const served of [false, true]) {
    const by = served ? ', of a fork server' : '';
    test(
      `groups, user, bounding set, sets, no_new_privs, Landlock, the filter, the command${by}`,
      { timeout: 60_000 },
      async () => {
        const builder = asUser().noNewPrivileges().landlock({ read: '/', execute: '/' }).seccomp('default');
        const calls = await callsOf(builder, served);
        const rest = [/^prctl\(PR_SET_NO_NEW_PRIVS, 1/, /^landlock_restrict_self\(/, filter, execution];
        const order = [...ids, ...sets, ...rest];
        expect([disorder(calls, order), calls]).toEqual([undefined, calls]);
        // Two that are exchanged, and one that is missing, would be noticed.
        order.slice(1).forEach((call, index) => {
          const exchanged = order.with(index, call).with(index + 1, order[index] ?? call);
          expect(disorder(calls, exchanged)).toContain('too early');
        });
        expect(disorder(calls, [...order, /^setns\(/])).toContain('no /');
      },
    );

    test(`a filter without no_new_privs first, by the privilege that goes then${by}`, { timeout: 60_000 }, async () => {
      const calls = await callsOf(asUser().seccomp('default'), served);
      expect([disorder(calls, [filter, ...ids, ...sets, execution]), calls]).toEqual([undefined, calls]);
    });
  }
});
