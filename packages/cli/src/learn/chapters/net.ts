/** Chapter: networks. */
import { createServer, type AddressInfo } from 'node:net';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/core';
import type { Chapter, Prop } from '../chapter.js';

export const net: Chapter = {
  id: 'net',
  title: { en: 'net: a network of its own', ja: 'net: 自分だけのネットワーク' },
  intro: {
    en: 'A network namespace has its own interfaces, addresses, routes, firewall rules and ports. A new one has nothing but lo, and even lo is down. Everything else is put in: a veth pair to a bridge, for instance.',
    ja: 'network namespace は、インターフェース、アドレス、経路、ファイアウォールの規則、ポートを別々に持ちます。新しいものには lo しかなく、その lo も停止しています。それ以外(たとえばブリッジにつながる veth)は、あとから入れます。',
  },
  lessons: [
    {
      about: {
        en: 'A server listens on 127.0.0.1 of the host, where many a service trusts everybody. A container calls it.',
        ja: 'ホストの 127.0.0.1 でサーバが待ち受けています。ここでは相手を疑わないサービスも少なくありません。コンテナから接続してみます。',
      },
      prepare: listen,
      build: (start, has, { facts: { port = '' } }) =>
        start
          .when(has('net'), (builder) => builder.unshare('net'))
          .command('bash', '-c', `read -r line < /dev/tcp/127.0.0.1/${port} && echo "$line"`),
      unstable: [[/(?<=127\.0\.0\.1\/)\d+/g, '‹port›']],
      held: {
        en: 'The container has another 127.0.0.1, on another lo. Nobody listens there; its lo is not even up.',
        ja: 'コンテナの 127.0.0.1 は、別の lo のものです。そこでは誰も待ち受けていません。その lo は起動すらしていません。',
      },
      question: {
        ask: {
          en: "Take `.unshare('net')` away. Who answers?",
          ja: "`.unshare('net')` を外すと、誰が応答するでしょうか。",
        },
        answers: [
          { en: 'the server of the host', ja: 'ホストのサーバ' },
          { en: 'nobody: 127.0.0.1 is always private', ja: '誰も応答しない(127.0.0.1 は常に専用)' },
        ],
        right: 0,
      },
      parts: [
        {
          id: 'net',
          isClosed: ({ output }) => output.includes('unreachable'),
          leaks: ({ output }) => output === 'hello from the host',
          leak: {
            en: 'The server of the host answers: "local only" means local to the network namespace.',
            ja: 'ホストのサーバが応答しました。「ローカルのみ」とは、その network namespace の中だけという意味です。',
          },
        },
      ],
    },
  ],
  task: {
    ask: {
      en: 'List the interfaces of a new network namespace; `/proc/net/dev` has them.',
      ja: '新しい network namespace のインターフェースを表示してください。`/proc/net/dev` にあります。',
    },
    solution: () => 'cat /proc/net/dev',
    build: (start, typed) => start.unshare('net').sh(typed),
    isDone: ({ output }) => /^\s*lo:/m.test(output),
    done: {
      en: 'Only lo, and it has not carried a byte. `network()` of haco puts a network in: none, host, a bridge, CNI, pasta.',
      ja: 'lo だけがあり、まだ 1 バイトも通っていません。haco の `network()` を使うと、none、host、ブリッジ、CNI、pasta などのネットワークを用意できます。',
    },
  },
};

/** A server that greets whoever connects. */
function listen(): Promise<Result<Prop, HacoError>> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      // The container may be gone before it has read everything.
      socket.on('error', () => undefined).end('hello from the host\n');
    });
    server.on('error', ({ message, ...rest }: NodeJS.ErrnoException) => {
      resolve(err(new IoError({ what: 'listen on', path: '127.0.0.1', errno: rest.code ?? '', hint: message })));
    });
    server.listen(0, '127.0.0.1', () => {
      const port = String((server.address() as AddressInfo).port);
      resolve(ok({ facts: { port }, undo: () => void server.close() }));
    });
  });
}
