/** Chapter: capabilities. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import type { Chapter } from '../chapter.js';

const content = 'nobody may read this';

export const capabilities: Chapter = {
  id: 'capabilities',
  title: { en: 'capabilities: root in pieces', ja: 'capabilities: root の力を分ける' },
  intro: {
    en: 'What root may do is cut into some forty pieces: CAP_CHOWN to give files away, CAP_NET_ADMIN to configure networks, CAP_SYS_ADMIN for far too much. A process has sets of them. The bounding set is the border: what is not in it can never be had again, not even by a set-uid program.',
    ja: 'root の権限は約 40 個の capability に分かれています。ファイルの所有者を変える CAP_CHOWN、ネットワークを設定する CAP_NET_ADMIN、あまりに多くのことができる CAP_SYS_ADMIN などです。プロセスは capability の集合をいくつか持ちます。バウンディングセット(bounding set)はその上限で、そこから外したものは、set-uid プログラムを使っても二度と手に入りません。',
  },
  lessons: [
    {
      about: {
        en: 'A file has the mode 000: nobody may read it, not even its owner. root of the container tries.',
        ja: 'モード 000 のファイルは、所有者でさえ読めません。コンテナの root で読んでみます。',
      },
      prepare: ({ desk }) => {
        writeFileSync(join(desk, 'locked'), `${content}\n`);
        chmodSync(join(desk, 'locked'), 0);
        return ok({});
      },
      build: (start, has, { desk }) =>
        start.when(has('caps'), (builder) => builder.caps('none')).command('cat', join(desk, 'locked')),
      held: {
        en: 'It is user 0, and yet is refused: being root is only a number, the power is in the capabilities.',
        ja: 'ユーザ ID は 0 なのに拒否されました。root とはただの番号で、力を持つのは capability の方です。',
      },
      question: {
        ask: {
          en: "Take `.caps('none')` away. What does cat do?",
          ja: "`.caps('none')` を外すと、cat はどうなるでしょうか。",
        },
        answers: [
          { en: 'it reads the file', ja: 'ファイルを読める' },
          { en: 'it is refused: the mode is 000', ja: 'モード 000 なので拒否される' },
        ],
        right: 0,
      },
      parts: [
        {
          id: 'caps',
          isClosed: ({ output }) => output.endsWith('Permission denied'),
          leaks: ({ output }) => output === content,
          leak: {
            en: 'CAP_DAC_OVERRIDE sets permissions aside. Most programs never need it, nor the others.',
            ja: 'CAP_DAC_OVERRIDE があると、ファイルのパーミッションは無視されます。ほとんどのプログラムには、これもほかの capability も必要ありません。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Look at the sets: lines that begin with Cap in `/proc/self/status`.',
      ja: 'capability の集合を見てください。`/proc/self/status` の Cap で始まる行です。',
    },
    solution: () => 'grep Cap /proc/self/status',
    build: (start, typed) => start.caps('none').sh(typed),
    isDone: ({ output }) => /^CapBnd:\s*0{16}$/m.test(output),
    done: {
      en: "All five are empty. `caps('docker')` is what Docker leaves, `caps({ keep, drop })` what you choose.",
      ja: "五つの集合がすべて空です。`caps('docker')` は Docker の既定と同じ組、`caps({ keep, drop })` は自分で選んだ組になります。",
    },
  },
};
