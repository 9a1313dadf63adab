/** Chapter: host names. */
import { hostname } from 'node:os';
import type { Chapter } from '../chapter.js';
import { unstableHostName } from '../host-name.js';

export const uts: Chapter = {
  id: 'uts',
  title: { en: 'uts: a host name of its own', ja: 'uts: 自分だけのホスト名' },
  intro: {
    en: 'A namespace gives a group of processes its own copy of something that the kernel keeps only once. The smallest is the UTS namespace: it holds the host name and the NIS domain name. Every process is in exactly one, and sees and sets the names of that one.',
    ja: 'namespace は、本来カーネルに一つしかないものを、プロセスのグループごとに別々に持たせる仕組みです。いちばん小さいのが UTS namespace で、ホスト名と NIS ドメイン名だけを持ちます。どのプロセスも必ず一つの UTS namespace に属し、見えるのも変えられるのもその中の名前だけです。',
  },
  lessons: [
    {
      about: {
        en: 'A process in a new UTS namespace. haco gives the namespace the name of the container.',
        ja: '新しい UTS namespace でプロセスを動かします。haco はコンテナの名前をホスト名として設定します。',
      },
      build: (start, has) =>
        start
          .name('kitchen')
          .when(has('uts'), (builder) => builder.unshare('uts'))
          .command('hostname'),
      outside: () => hostname(),
      unstable: [unstableHostName],
      held: {
        en: 'The container has its own name, and the host keeps its own.',
        ja: 'コンテナには固有の名前が付き、ホストの名前は変わっていません。',
      },
      question: {
        ask: {
          en: "Take `.unshare('uts')` away. Which name does hostname print?",
          ja: "`.unshare('uts')` を外すと、hostname は何を表示するでしょうか。",
        },
        answers: [
          { en: 'kitchen, the name of the container', ja: 'コンテナの名前 kitchen' },
          { en: 'the name of the host', ja: 'ホストの名前' },
          { en: 'nothing: there is no name', ja: '何も表示しない(名前がない)' },
        ],
        right: 1,
      },
      parts: [
        {
          id: 'uts',
          isClosed: ({ output }) => output === 'kitchen',
          leaks: ({ output, outside }) => output === outside,
          leak: {
            en: 'Without the namespace, the container has the name of the host: it is in the same UTS namespace. Root inside could even rename the host.',
            ja: 'UTS namespace を分けないと、ホストと同じ UTS namespace に属するため、ホストの名前がそのまま見えます。中の root はホスト名を変えることさえできてしまいます。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Call the container attic, from inside. The command `hostname NAME` sets a name; what you type runs in a UTS namespace of its own, and afterwards hostname shows the result.',
      ja: 'コンテナの中から、ホスト名を attic に変えてください。`hostname 名前` で設定できます。入力したコマンドは専用の UTS namespace の中で実行され、続けて hostname が結果を表示します。',
    },
    solution: () => 'hostname attic',
    build: (start, typed) => start.name('kitchen').unshare('uts').sh(`${typed}; hostname`),
    outside: () => hostname(),
    unstable: [unstableHostName],
    isDone: ({ output }) => output.split('\n').at(-1) === 'attic',
    done: {
      en: 'The name was changed inside only. sethostname(2) needs CAP_SYS_ADMIN over the UTS namespace, not over the host.',
      ja: '変わったのは中のホスト名だけです。sethostname(2) に必要なのは、その UTS namespace に対する CAP_SYS_ADMIN であって、ホストに対するものではありません。',
    },
  },
};
