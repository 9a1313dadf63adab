/** Chapter: processes. */
import type { Chapter } from '../chapter.js';

export const pid: Chapter = {
  id: 'pid',
  title: { en: 'pid: processes that see only each other', ja: 'pid: お互いだけが見えるプロセス' },
  intro: {
    en: 'In a new PID namespace, numbers begin at 1 again. Its processes can name each other, and nobody outside; the host still sees them all, under other numbers. When process 1 ends, the kernel kills the rest.',
    ja: '新しい PID namespace では、プロセス番号がまた 1 から始まります。中のプロセスが番号で指せるのは中のプロセスだけです。一方ホストからは、別の番号ですべて見えています。1 番のプロセスが終わると、残りはカーネルが終了させます。',
  },
  lessons: [
    {
      about: {
        en: 'A shell tells its own number, and looks for a process of the host: the one that runs this course.',
        ja: 'シェルに自分の番号を表示させ、さらにホストのプロセス(この講座を動かしているプロセス)を探させます。',
      },
      build: (start, has, { pid: outer }) =>
        start
          .when(has('pid'), (builder) => builder.unshare('pid'))
          .sh(
            `echo "I am $$"; kill -0 ${String(outer)} 2>/dev/null && echo "${String(outer)} is in reach" || echo "no process ${String(outer)}"`,
          ),
      unstable: [
        [/^I am \d{2,}$/m, 'I am ‹n›'],
        [/(?<=no process |kill -0 )\d+|\d+(?= is in reach)/g, '‹pid›'],
      ],
      held: {
        en: 'The shell is process 1, and the process of the host has no number here: it cannot be signalled.',
        ja: 'シェルは 1 番のプロセスです。ホストのプロセスにはここでの番号がないので、シグナルを送ることもできません。',
      },
      question: {
        ask: {
          en: "Take `.unshare('pid')` away. What can the container do to the host's process?",
          ja: "`.unshare('pid')` を外すと、コンテナはホストのプロセスに何ができるでしょうか。",
        },
        answers: [
          {
            en: 'nothing: processes are protected from each other anyway',
            ja: '何もできない(プロセスは元々互いに守られている)',
          },
          { en: 'see it, but not signal it', ja: '見えるが、シグナルは送れない' },
          { en: 'signal it, and so kill it', ja: 'シグナルを送れる。つまり終了させることもできる' },
        ],
        right: 2,
      },
      parts: [
        {
          id: 'pid',
          isClosed: ({ output }) => /^I am 1\nno process/.test(output),
          leaks: ({ output }, { pid: outer }) => output.includes(`${String(outer)} is in reach`),
          leak: {
            en: "Without the namespace, the host's process is in reach. `kill -0` only asks whether a signal could be sent; `kill -9` would have ended this course.",
            ja: 'PID namespace を分けないと、ホストのプロセスに手が届きます。`kill -0` はシグナルを送れるかどうかを調べるだけですが、`kill -9` ならこの講座が終了していました。',
          },
        },
      ],
    },
    {
      about: {
        en: '/proc is a file system, and shows the processes of the PID namespace in which it was mounted. A new namespace needs a new one, and for that a mount namespace.',
        ja: '/proc はファイルシステムで、マウントした時点の PID namespace のプロセスを表示します。新しい PID namespace には新しい procfs が必要で、そのためには mount namespace も分けます。',
      },
      build: (start, has) =>
        start
          .unshare('pid')
          .unshare('mount')
          .when(has('procfs'), (builder) => builder.independent('procfs'))
          .sh('echo /proc/[0-9]*'),
      unstable: [[/^\/proc\/\d+( \/proc\/\d+)+$/m, '/proc/1 /proc/‹n› …']],
      held: { en: 'There is one process, the shell.', ja: 'プロセスはシェル一つだけです。' },
      question: {
        ask: {
          en: "Keep the PID namespace, and take `.independent('procfs')` away. What does /proc show?",
          ja: "PID namespace はそのままで `.independent('procfs')` だけを外すと、/proc には何が見えるでしょうか。",
        },
        answers: [
          { en: 'the one process of the container', ja: 'コンテナの一つのプロセス' },
          { en: 'the processes of the host', ja: 'ホストのプロセス' },
        ],
        right: 1,
      },
      parts: [
        {
          id: 'procfs',
          isClosed: ({ output }) => output === '/proc/1',
          leaks: ({ output }, { pid: outer }) => output.split(' ').includes(`/proc/${String(outer)}`),
          leak: {
            en: "The namespace is there, but /proc is still the one of the host: it lists the host's processes, with their command lines.",
            ja: 'PID namespace は分かれていますが、/proc はホストのもののままです。ホストのプロセスが、コマンドラインも含めて見えてしまいます。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Start a process in the background, and print its number: `$!` of the shell. In a new PID namespace it is a small one.',
      ja: 'バックグラウンドでプロセスを起動し、その番号(シェルの `$!`)を表示してください。新しい PID namespace では小さい番号になります。',
    },
    solution: () => 'sleep 0.1 & echo $!',
    build: (start, typed) => start.unshare('pid').sh(typed),
    isDone: ({ output }) => /^[2-9]$/m.test(output),
    done: {
      en: 'The same process has another, larger number on the host. It was killed when the shell, process 1, ended.',
      ja: '同じプロセスが、ホストでは別のもっと大きな番号を持っています。1 番のシェルが終わったとき、このプロセスも終了しました。',
    },
  },
};
