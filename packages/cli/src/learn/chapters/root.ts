/** Chapter: the root directory, by chroot(2) and by pivot_root(2). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import type { Chapter, Prop } from '../chapter.js';
import type { Scene } from '../scene.js';

const secret = "a secret of the host's";

function writeSecret({ desk }: Scene) {
  writeFileSync(join(desk, 'secret'), `${secret}\n`);
  return ok<Prop>({});
}

export const root: Chapter = {
  id: 'root',
  title: { en: 'chroot and pivot_root: another root directory', ja: 'chroot と pivot_root: 別のルートディレクトリ' },
  intro: {
    en: 'Every process has a root directory, where paths that begin with / start. A directory with all that a program needs is a rootfs; here it is a small one, copied together from programs of the host. chroot(2) changes the root directory of a process. pivot_root(2) changes the root of a whole mount namespace, and lets the old one be unmounted.',
    ja: 'プロセスにはそれぞれルートディレクトリがあり、/ で始まるパスはそこから辿られます。プログラムに必要なものが揃ったディレクトリを rootfs と呼びます。ここではホストのプログラムをコピーして作った小さな rootfs を使います。chroot(2) はプロセスのルートディレクトリを変えます。pivot_root(2) は mount namespace 全体のルートを入れ替え、古いルートをアンマウントできるようにします。',
  },
  lessons: [
    {
      about: {
        en: 'There is a secret in a file of the host. A container with another root looks for it.',
        ja: 'ホストのファイルに秘密を書いておき、別のルートを持つコンテナから探します。',
      },
      prepare: writeSecret,
      build: (start, has, { root: small, desk }) =>
        start.when(has('chroot'), (builder) => builder.chroot(small)).command('cat', join(desk, 'secret')),
      held: {
        en: 'That path leads nowhere in the other root.',
        ja: '別のルートの中では、そのパスには何もありません。',
      },
      question: {
        ask: {
          en: 'Take `.chroot(…)` away. What does cat print?',
          ja: '`.chroot(…)` を外すと、cat は何を表示するでしょうか。',
        },
        answers: [
          { en: 'the secret', ja: '秘密の内容' },
          { en: 'the same error', ja: '同じエラー' },
        ],
        right: 0,
      },
      parts: [
        {
          id: 'chroot',
          isClosed: ({ output }) => output.includes('No such file') && !output.includes(secret),
          leaks: ({ output }) => output === secret,
          leak: {
            en: "The process has the host's root directory, and reads what its user may read.",
            ja: 'プロセスのルートディレクトリはホストのものなので、そのユーザが読めるファイルはすべて読めます。',
          },
        },
      ],
    },
    {
      about: {
        en: 'Is that a wall? chroot(2) only changes where / is; it does not move the working directory. Root can use that: change the root again to a directory below, stay outside of it, and walk up. With a mount namespace, `.chroot()` of haco makes a pivot_root(2) instead: then there is nothing above.',
        ja: 'これは壁と言えるでしょうか。chroot(2) は / の位置を変えるだけで、作業ディレクトリは動かしません。root ならこれを悪用できます。下のディレクトリへもう一度 chroot し、自分はその外に残ったまま、上へ辿るのです。mount namespace があれば、haco の `.chroot()` は代わりに pivot_root(2) を使います。すると、上には何も残りません。',
      },
      prepare: writeSecret,
      build: (start, has, { root: small, desk }) =>
        start
          .when(has('mount'), (builder) => builder.unshare('mount'))
          .chroot(small)
          .stdin({
            text: `mkdir "/cage"; chroot "/cage"; chdir ".." for 1..40; chroot "."; print -e "${desk}/secret" ? "I am out" : "still inside"`,
          })
          .command('perl'),
      held: {
        en: 'The walk ends at the root of the mount namespace, and that is the rootfs.',
        ja: '上へ辿っても mount namespace のルートで止まり、それは rootfs です。',
      },
      question: {
        ask: {
          en: "Take `.unshare('mount')` away, so that `.chroot()` is the plain chroot(2). Where does the walk end?",
          ja: "`.unshare('mount')` を外して、`.chroot()` をただの chroot(2) にします。上へ辿るとどこに着くでしょうか。",
        },
        answers: [
          { en: 'at the rootfs, again', ja: 'やはり rootfs' },
          { en: 'at the root of the host', ja: 'ホストのルート' },
        ],
        right: 1,
      },
      parts: [
        {
          id: 'mount',
          isClosed: ({ output }) => output === 'still inside',
          leaks: ({ output }) => output === 'I am out',
          leak: {
            en: 'Out. chroot(2) was never meant to hold a process with CAP_SYS_CHROOT; `explain()` warns of it, too.',
            ja: '外に出ました。chroot(2) は CAP_SYS_CHROOT を持つプロセスを閉じ込めるためのものではありません。`explain()` もそのことを説明しています。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'What is above the root? Look there for a file `only-here`: the rootfs has one.',
      ja: 'ルートの上には何があるでしょうか。`only-here` というファイルがあるか調べてください。rootfs の中には置いてあります。',
    },
    prepare: ({ root: small }) => {
      writeFileSync(join(small, 'only-here'), '');
      return ok({});
    },
    solution: () => 'ls -d /../only*',
    build: (start, typed, { root: small }) => start.unshare('mount').chroot(small).sh(typed),
    isDone: ({ output }) => output.includes('only-here'),
    done: {
      en: 'The parent of the root is the root. For a process, the host has no path any more.',
      ja: 'ルートの親はルート自身です。このプロセスからホストへ通じるパスは、もうありません。',
    },
  },
};
