/** Chapter: control groups. */
import { existsSync, readFileSync } from 'node:fs';
import { ok } from 'neverthrow';
import { realRuntime } from '@haco/core';
import type { Chapter } from '../chapter.js';

export const cgroups: Chapter = {
  id: 'cgroups',
  title: { en: 'cgroups: no more than its share', ja: 'cgroups: 決められた分だけ使う' },
  intro: {
    en: 'Namespaces decide what a process sees; control groups decide how much it gets: CPU, memory, processes, I/O. A group is a directory below `/sys/fs/cgroup`, a limit is a file in it, and children are born in the group of their parent. This needs root, or a group that was delegated to you.',
    ja: 'namespace が決めるのは「何が見えるか」、cgroup(control group)が決めるのは CPU、メモリ、プロセス数、I/O を「どれだけ使えるか」です。グループは `/sys/fs/cgroup` の下のディレクトリ、制限はその中のファイルで、子プロセスは親と同じグループに生まれます。root か、自分に委譲(delegation)されたグループが必要です。',
  },
  lessons: [
    {
      about: {
        en: 'tail wants the last ten lines, and waits for the end of one line of 64 MiB: it has to keep them all. It may have 32.',
        ja: 'tail は末尾の 10 行を出そうとしますが、入力は 64 MiB の 1 行なので、すべてをメモリに置くしかありません。使えるのは 32 MiB です。',
      },
      prepare: () => ok({ facts: { swaps: swaps() ? 'yes' : '' } }),
      build: (start, has, { facts: { swaps: swapped } }) =>
        start
          .name('hog')
          .when(has('memory'), (builder) => builder.memory('32MiB'))
          // What is swapped out isn't killed.
          .when(has('memory') && swapped === 'yes', (builder) => builder.cgroup('memory.swap.max', 0))
          .sh('head -c 64M /dev/zero | tail | wc -c'),
      held: {
        en: 'The kernel killed tail at 32 MiB, and the outcome says why the container ended: oom, out of memory.',
        ja: '32 MiB に達した tail をカーネルが終了させました。結果には、終了した理由が oom(out of memory、メモリ不足)と記録されています。',
      },
      question: {
        ask: {
          en: "Take `.memory('32MiB')` away. How many bytes does wc count?",
          ja: "`.memory('32MiB')` を外すと、wc は何バイトと数えるでしょうか。",
        },
        answers: [
          { en: '0', ja: '0' },
          { en: '33554432 (32 MiB)', ja: '33554432(32 MiB)' },
          { en: '67108864 (64 MiB)', ja: '67108864(64 MiB)' },
        ],
        right: 2,
      },
      parts: [
        {
          id: 'memory',
          isClosed: ({ outcome }) => outcome.reason === 'oom',
          leaks: ({ output }) => output === '67108864',
          leak: {
            en: 'Nothing stopped it, and the memory was taken from everybody else. With 64 GiB it would have been the host that ran out.',
            ja: '止めるものがなく、その分のメモリはほかのすべてのプロセスから奪われました。64 GiB なら、ホスト全体のメモリが足りなくなっていたでしょう。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Five processes are allowed. Start more: with & in a loop, for example.',
      ja: '許されるプロセスは 5 個です。ループの中で & を使うなどして、それより多く起動してみてください。',
    },
    solution: () => 'for i in 1 2 3 4 5 6 7 8; do sleep 0.2 & done',
    build: (start, typed) => start.pids(5).sh(typed),
    isDone: ({ outcome }) => outcome.usage.pidsLimitHits > 0,
    done: {
      en: 'fork(2) failed: that is all that a fork bomb gets. The processes that were left ended with the group.',
      ja: 'fork(2) が失敗しました。fork 爆弾もここまでです。残ったプロセスは、グループと一緒に終了しました。',
    },
  },
};

/** Whether memory may be swapped out although a group of cgroup v2 is full. */
function swaps(): boolean {
  // A kernel without CONFIG_SWAP doesn't have the file.
  const areas = existsSync('/proc/swaps') ? readFileSync('/proc/swaps', 'utf8').trim().split('\n').length - 1 : 0;
  return areas > 0 && realRuntime.host().cgroups.v2?.controllers.includes('memory') === true;
}
