/** Chapter: filters of system calls. */
import type { Chapter } from '../chapter.js';

const made = 'in a new user namespace';

export const seccomp: Chapter = {
  id: 'seccomp',
  title: { en: 'seccomp: fewer ways into the kernel', ja: 'seccomp: カーネルへの入口を減らす' },
  intro: {
    en: 'All containers share one kernel, and its some four hundred system calls are the way to its faults. seccomp is a small program that the kernel runs before each call; it lets the call through, makes it fail, or kills. A process without privileges may install one only together with no_new_privs.',
    ja: 'コンテナはすべて一つのカーネルを共有しています。400 近いシステムコールは、カーネルの欠陥に触れる入口でもあります。seccomp は、システムコールのたびにカーネルが実行する小さなプログラムで、通すか、失敗させるか、プロセスを終了させるかを決めます。特権のないプロセスが使うには、no_new_privs も必要です。',
  },
  lessons: [
    {
      about: {
        en: 'User namespaces open much of the kernel to everybody, and many a hole was reached that way. A container tries to make one.',
        ja: 'user namespace を使うと、カーネルの多くの機能に誰でも手が届きます。過去の脆弱性にも、これを経由したものが数多くあります。コンテナの中から作ってみます。',
      },
      build: (start, has) =>
        start
          .noNewPrivileges()
          .when(has('seccomp'), (builder) => builder.seccomp('default'))
          .command('unshare', '--user', 'echo', made),
      held: {
        en: 'The filter answered for the kernel: the call failed with EPERM before any of its code ran.',
        ja: 'カーネル本体の処理が始まる前にフィルタが答え、システムコールは EPERM で失敗しました。',
      },
      question: {
        ask: {
          en: "Take `.seccomp('default')` away. Does no_new_privs alone prevent it?",
          ja: "`.seccomp('default')` を外すと、no_new_privs だけで防げるでしょうか。",
        },
        answers: [
          { en: 'yes', ja: '防げる' },
          { en: 'no', ja: '防げない' },
        ],
        right: 1,
      },
      parts: [
        {
          id: 'seccomp',
          isClosed: ({ output }) => output.endsWith('Operation not permitted'),
          leaks: ({ output }) => output === made,
          leak: {
            en: 'The namespace was made. no_new_privs only says that execve(2) gives no further privileges; it forbids no system call.',
            ja: 'user namespace が作られました。no_new_privs は execve(2) で権限が増えないようにするだけで、システムコールは何も禁止しません。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Does a process know that it is filtered? Look for `Seccomp:` in `/proc/self/status`; 2 means a filter.',
      ja: 'プロセスは、自分にフィルタがかかっていることを知ることができるでしょうか。`/proc/self/status` の `Seccomp:` を見てください。2 ならフィルタありです。',
    },
    solution: () => 'grep Seccomp: /proc/self/status',
    build: (start, typed) => start.noNewPrivileges().seccomp('default').sh(typed),
    isDone: ({ output }) => /^Seccomp:\s*2$/m.test(output),
    done: {
      en: 'Filters are inherited by every child, and nobody can take them off. `haco().…learn()` writes one for your program.',
      ja: 'フィルタはすべての子プロセスに受け継がれ、誰にも外せません。`haco().…learn()` を使うと、自分のプログラムに合わせたフィルタを作れます。',
    },
  },
};
