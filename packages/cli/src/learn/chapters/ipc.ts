/** Chapter: System V IPC. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { err, ok } from 'neverthrow';
import { ToolError } from '@haco/core';
import type { Chapter } from '../chapter.js';

export const ipc: Chapter = {
  id: 'ipc',
  title: { en: 'ipc: shared memory of its own', ja: 'ipc: 自分だけの共有メモリ' },
  intro: {
    en: 'Some things that processes share have no path: segments of shared memory, semaphores and message queues of System V, and POSIX message queues. They are found by a number. An IPC namespace has its own.',
    ja: 'プロセスが共有するものの中には、パスを持たないものがあります。System V の共有メモリ、セマフォ、メッセージキューや、POSIX メッセージキューです。これらは番号や専用の名前で指定します。IPC namespace は、これらを別々に持ちます。',
  },
  lessons: [
    {
      about: {
        en: 'The host has a segment of shared memory; it was made for this lesson. A container tries to remove it.',
        ja: 'この章のために、ホストに共有メモリを一つ作りました。コンテナからそれを削除してみます。',
      },
      prepare: () => {
        const command = ['ipcmk', '-M', '4096'] as const;
        const { stdout, stderr, status } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
        const segment = /(\d+)\s*$/.exec(stdout ?? '')?.[1];
        if (segment === undefined) {
          return err(new ToolError({ command, exitCode: status, stderr: stderr ?? '', package: 'util-linux' }));
        }
        return ok({ facts: { segment }, undo: () => void spawnSync('ipcrm', ['-m', segment]) });
      },
      build: (start, has, { facts: { segment = '' } }) =>
        start.when(has('ipc'), (builder) => builder.unshare('ipc')).sh(`ipcrm -m ${segment}`),
      outside: ({ facts: { segment = '' } }) => `segment ${segment}: ${hasSegment(segment) ? 'still there' : 'gone'}`,
      unstable: [[/(?<=ipcrm -m |segment |invalid id \()\d+/g, '‹id›']],
      held: {
        en: 'The container knows no segment of that number, and the host still has its own.',
        ja: 'コンテナの中にはその番号の共有メモリがなく、ホストの共有メモリは残っています。',
      },
      question: {
        ask: { en: "Take `.unshare('ipc')` away. What happens?", ja: "`.unshare('ipc')` を外すとどうなるでしょうか。" },
        answers: [
          { en: 'the same error', ja: '同じエラーになる' },
          { en: "the host's segment is removed", ja: 'ホストの共有メモリが削除される' },
        ],
        right: 1,
      },
      parts: [
        {
          id: 'ipc',
          isClosed: ({ outside }) => outside.endsWith('still there'),
          leaks: ({ outside }) => outside.endsWith('gone'),
          leak: {
            en: 'Gone. No path led there, so no other root directory would have helped; the number was enough.',
            ja: '削除されました。パスで指すものではないので、ルートディレクトリを変えても防げません。番号だけで十分だったのです。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Make a segment inside: `ipcmk -M SIZE`. Afterwards the container counts its segments.',
      ja: '中で共有メモリを作ってください(`ipcmk -M サイズ`)。続けて、コンテナ内の共有メモリの数を表示します。',
    },
    solution: () => 'ipcmk -M 1024',
    build: (start, typed) => start.unshare('ipc').sh(`${typed}; tail -n +2 /proc/sysvipc/shm | wc -l`),
    isDone: ({ output }) => output.split('\n').at(-1)?.trim() === '1',
    done: {
      en: 'It was the only one in there, with number 0, and vanished with the namespace.',
      ja: '中にあるのはこの一つだけで、番号は 0 です。namespace と一緒に消えました。',
    },
  },
};

/** Whether the host has a segment of this number. */
function hasSegment(segment: string): boolean {
  return readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .some((line) => line.trim().split(/\s+/)[1] === segment);
}
