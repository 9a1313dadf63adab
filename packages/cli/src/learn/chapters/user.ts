/** Chapter: users. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Chapter } from '../chapter.js';

export const user: Chapter = {
  id: 'user',
  title: { en: 'user: root inside, nobody outside', ja: 'user: 中では root、外では一般ユーザ' },
  intro: {
    en: 'A user namespace translates user and group ids: 0 inside may be any id outside. Its root has all capabilities, but only over what belongs to the namespace. It is the one namespace that an ordinary user may make, and with it all the others: that is how containers run without root.',
    ja: 'user namespace はユーザ ID とグループ ID を読み替えます。中の 0 番を、外の任意の ID に対応させられます。中の root はすべての capability を持ちますが、それが及ぶのはその namespace に属するものだけです。一般ユーザが作れる唯一の namespace でもあり、これさえあればほかの namespace もすべて作れます。root なしでコンテナが動くのはこのためです。',
  },
  bare: true,
  lessons: [
    {
      about: {
        en: 'A container that is root inside makes a file; then the host looks whom it belongs to.',
        ja: '中では root であるコンテナがファイルを作ります。そのファイルが誰のものか、ホスト側で調べます。',
      },
      build: (start, has, { desk }) =>
        start
          .when(has('user'), (builder) => builder.unshare('user').mapUsers('nobody').mapGroups('nobody'))
          .sh(`id -u; touch ${desk}/file`),
      outside: ({ desk }) => `the file belongs to user ${ownerOf(desk)}`,
      held: {
        en: 'Inside it is root (0); outside, its file belongs to an ordinary user. Nothing that it does can be more than that user may.',
        ja: '中では root(0)ですが、外から見るとファイルは一般ユーザのものです。ホストのファイルに対しては、そのユーザに許された以上のことはできません。',
      },
      question: {
        ask: {
          en: "Take `.unshare('user')` away, and let root start it. Whom does the file belong to?",
          ja: "`.unshare('user')` を外して root が起動すると、ファイルは誰のものになるでしょうか。",
        },
        answers: [
          { en: 'an ordinary user, as before', ja: '先ほどと同じ一般ユーザ' },
          { en: 'root of the host', ja: 'ホストの root' },
        ],
        right: 1,
      },
      parts: [
        {
          id: 'user',
          isClosed: ({ output }, { desk }) => output === '0' && ownerOf(desk) !== '0',
          leaks: ({ output }, { desk }) => output === ownerOf(desk),
          leak: {
            en: 'Without a user namespace, ids are the same on both sides: root in the container is root of the host. (Started by an ordinary user, the container stays that user, and has no root at all.)',
            ja: 'user namespace がないと、ID は内外で同じです。コンテナの root はホストの root そのものです。(一般ユーザが起動した場合はそのユーザのままで、root にはなれません。)',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Show the translation: `/proc/self/uid_map`. A line has the first id inside, the first id outside, and how many.',
      ja: '対応表 `/proc/self/uid_map` を表示してください。各行は、中の先頭の ID、外の先頭の ID、個数です。',
    },
    solution: () => 'cat /proc/self/uid_map',
    build: (start, typed) => start.unshare('user').mapUsers('nobody').mapGroups('nobody').sh(typed),
    isDone: ({ output }) => /^\s*0\s+[1-9]\d*\s+1$/m.test(output),
    done: {
      en: 'One id exists inside. With ranges of `/etc/subuid` there may be as many as a distribution needs.',
      ja: '中に存在する ID は一つだけです。`/etc/subuid` の範囲を使えば、ディストリビューションに必要な数だけ用意できます。',
    },
  },
};

const ownerOf = (desk: string): string => String(statSync(join(desk, 'file'), { throwIfNoEntry: false })?.uid ?? '?');
