/** Chapter: mounts. */
import { readFileSync, readdirSync } from 'node:fs';
import type { Chapter } from '../chapter.js';

export const mount: Chapter = {
  id: 'mount',
  title: { en: 'mount: a file tree of its own', ja: 'mount: 自分だけのファイルツリー' },
  intro: {
    en: 'A mount namespace is a list of mounts. A new one begins as a copy; haco makes it private, so that no mount propagates out of it. After that, the container can put other file systems over any directory, and the host does not notice.',
    ja: 'mount namespace はマウントの一覧です。新しいものは元の一覧のコピーとして始まります。haco はそれを private にして、マウントが外へ伝播(propagation)しないようにします。その後はどのディレクトリに何をマウントしても、ホストには影響しません。',
  },
  lessons: [
    {
      about: {
        en: 'A tmpfs, a file system in memory, lies over a directory of the host. The shell writes a file there; then the host lists the directory.',
        ja: 'メモリ上のファイルシステム tmpfs を、ホストのディレクトリの上にマウントします。シェルがそこにファイルを書いたあと、ホスト側で同じディレクトリの中を見ます。',
      },
      build: (start, has, { desk }) =>
        start
          .when(has('mount'), (builder) => builder.unshare('mount').tmpfs(desk))
          .sh(`echo hidden > ${desk}/note; ls ${desk}`),
      outside: ({ desk }) => readdirSync(desk).join(' '),
      held: {
        en: 'Inside, the file is there. Outside, the directory is empty: the file was on the tmpfs, and went with it.',
        ja: '中ではファイルが見えますが、外ではディレクトリは空のままです。ファイルは tmpfs の上にあり、tmpfs と一緒に消えました。',
      },
      question: {
        ask: {
          en: 'Take the mount namespace and its tmpfs away. Where does the file go?',
          ja: 'mount namespace と tmpfs を外すと、ファイルはどこに書かれるでしょうか。',
        },
        answers: [
          { en: 'to the directory of the host', ja: 'ホストのディレクトリ' },
          { en: 'nowhere: writing fails', ja: 'どこにも書かれない(書き込みは失敗する)' },
          { en: 'to a copy that vanishes with the container', ja: 'コンテナと一緒に消えるコピー' },
        ],
        right: 0,
      },
      parts: [
        {
          id: 'mount',
          isClosed: ({ output, outside }) => output === 'note' && outside === '',
          leaks: ({ outside }) => outside === 'note',
          leak: {
            en: 'The file is on the host, and stays there. A process that is isolated in other ways still shares all files.',
            ja: 'ファイルはホストに書かれ、残ります。ほかの面で隔離されていても、ファイルはすべて共有されたままです。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'Mount something yourself: a tmpfs on the working directory, which is called “.” (`mount -t tmpfs none DIRECTORY`).',
      ja: '自分でマウントしてみましょう。作業ディレクトリ(.)に tmpfs をマウントしてください(`mount -t tmpfs none ディレクトリ`)。',
    },
    solution: () => 'mount -t tmpfs none .',
    build: (start, typed, { desk }) =>
      start.unshare('mount').workdir(desk).sh(`${typed}; grep -c ' ${desk} ' /proc/self/mountinfo`),
    outside: ({ desk }) => `${String(mountsOn(desk))} mounts on ${desk}`,
    isDone: ({ output }, { desk }) => output.split('\n').at(-1) === '1' && mountsOn(desk) === 0,
    done: {
      en: 'Inside, the list of mounts has one more line. The list of the host does not have it.',
      ja: '中のマウント一覧には一行増えましたが、ホストの一覧にはありません。',
    },
  },
};

/** Mounts of the host on a directory. */
function mountsOn(directory: string): number {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === directory).length;
}
