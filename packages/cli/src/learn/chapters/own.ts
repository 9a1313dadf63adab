/** The last chapter: everything together, and each part taken away. */
import { chmodSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import type { Builder } from '@haco/core';
import type { Chapter } from '../chapter.js';
import { unstableHostName } from '../host-name.js';
import type { Scene } from '../scene.js';

/** One line for each part. */
const probe = ({ desk }: Scene): string =>
  [
    'echo "name: $(hostname)"',
    'echo "pid: $$"',
    `[ -e ${desk}/secret ] && echo "host files: visible" || echo "host files: hidden"`,
    'cat /mnt/locked 2>/dev/null || echo "locked file: closed"',
    'unshare --user true 2>/dev/null && echo "new namespaces: allowed" || echo "new namespaces: refused"',
  ].join('; ');

const build = (start: Builder, has: (part: string) => boolean, { root, desk }: Scene, script: string) =>
  start
    .name('mine')
    .unshare('mount')
    .when(has('uts'), (builder) => builder.unshare('uts'))
    .when(has('pid'), (builder) => builder.unshare('pid').independent('procfs'))
    .unshare('ipc')
    .unshare('net')
    .when(has('root'), (builder) => builder.chroot(root))
    .independent('dev')
    .mount(desk, '/mnt')
    .when(has('caps'), (builder) => builder.caps('none'))
    .noNewPrivileges()
    .when(has('seccomp'), (builder) => builder.seccomp('default'))
    .sh(script);

export const own: Chapter = {
  id: 'own',
  title: { en: 'Your own container', ja: '自分のコンテナを作る' },
  intro: {
    en: 'A container is no object of the kernel. It is a process that was started with some of these parts, and you decide which. Here they are together.',
    ja: '「コンテナ」というものがカーネルの中にあるわけではありません。これまでの部品のいくつかを付けて起動したプロセスが、コンテナです。どれを付けるかはあなた次第です。ここでは、すべてを組み合わせます。',
  },
  lessons: [
    {
      about: {
        en: 'Each line of the output tells of one part. /mnt is a bind mount of a directory of the host; a file in it has the mode 000.',
        ja: '出力の各行が、それぞれ一つの部品に対応しています。/mnt はホストのディレクトリのバインドマウントで、その中にモード 000 のファイルがあります。',
      },
      prepare: ({ desk }) => {
        writeFileSync(join(desk, 'secret'), '');
        writeFileSync(join(desk, 'locked'), 'locked file: open\n');
        chmodSync(join(desk, 'locked'), 0);
        return ok({});
      },
      build: (start, has, scene) => build(start, has, scene, probe(scene)),
      unstable: [unstableHostName, [/^pid: \d{2,}$/m, 'pid: ‹n›']],
      held: { en: 'Nothing leaks.', ja: '何も漏れていません。' },
      parts: [
        {
          id: 'uts',
          isClosed: ({ output }) => /^name: mine$/m.test(output),
          leaks: ({ output }) => output.startsWith(`name: ${hostname()}\n`),
          leak: { en: 'The name is that of the host.', ja: '名前がホストのものになりました。' },
        },
        {
          id: 'pid',
          isClosed: ({ output }) => /^pid: 1$/m.test(output),
          leaks: ({ output }) => /^pid: \d{2,}$/m.test(output),
          leak: {
            en: 'The process has a number of the host, and the processes of the host have theirs.',
            ja: 'プロセスの番号がホストのものになり、ホストのプロセスも番号で指せるようになりました。',
          },
        },
        {
          id: 'root',
          isClosed: ({ output }) => output.includes('host files: hidden'),
          leaks: ({ output }) => output.includes('host files: visible'),
          leak: { en: 'The files of the host are there.', ja: 'ホストのファイルが見えるようになりました。' },
        },
        {
          id: 'caps',
          isClosed: ({ output }) => output.includes('locked file: closed'),
          leaks: ({ output }) => output.includes('locked file: open'),
          leak: {
            en: 'Permissions of files do not hold any more.',
            ja: 'ファイルのパーミッションが効かなくなりました。',
          },
        },
        {
          id: 'seccomp',
          isClosed: ({ output }) => output.includes('new namespaces: refused'),
          leaks: ({ output }) => output.includes('new namespaces: allowed'),
          leak: {
            en: 'All system calls are open, new namespaces among them.',
            ja: '新しい namespace の作成も含め、すべてのシステムコールが使えるようになりました。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'It is yours: run what you like in it. The shell, ls, cat, hostname, id, mkdir and unshare are there.',
      ja: 'このコンテナはあなたのものです。好きなコマンドを実行してください。シェル、ls、cat、hostname、id、mkdir、unshare があります。',
    },
    solution: () => 'hostname; id -u; echo /proc/[0-9]*',
    build: (start, typed, scene) => build(start, () => true, scene, typed),
    isDone: ({ outcome }) => outcome.exitCode === 0,
    done: {
      en: 'That is a container. `haco new my.haco.ts` writes a definition to start from, `haco explain my.haco.ts` shows its plan, `haco run my.haco.ts` runs it; `sandbox()` has all of this, and limits, in one word.',
      ja: 'これがコンテナです。`haco new my.haco.ts` で定義の雛形を作り、`haco explain my.haco.ts` で計画を見て、`haco run my.haco.ts` で実行できます。`sandbox()` なら、ここで使った部品と資源の制限が一語で揃います。',
    },
  },
};
