/** What the course says by itself, between the texts of the chapters. */
import type { Text } from './text.js';

export const words = {
  title: { en: 'Learn what a container is', ja: 'コンテナの仕組みを学ぶ' },
  about: {
    en: 'Ten parts of the kernel that containers are made of, a chapter for each, and one in which they come together. Each chapter runs real containers, takes a part away, shows what leaks then, and what the part asks of the kernel. At its end there is something to do.',
    ja: 'コンテナを形作るカーネルの十の機能を一章ずつ学び、最後の章でそれらを組み合わせます。どの章でも実際にコンテナを動かし、部品を一つ外して何が漏れるかを確かめ、その部品がカーネルに何を要求するのかを見ます。章の終わりには課題があります。',
  },
  otherLanguage: { en: '[日本語](../ja/README.md)', ja: '[English](../en/README.md)' },
  welcome: {
    en: 'Enter goes on; p shows the whole plan; q leaves. Every container is real, and everything that is claimed is checked at that moment.',
    ja: 'Enter で次へ、p で計画全体、q で終了です。コンテナはすべて実際に起動し、説明の内容はその場で確かめています。',
  },
  asRoot: { en: 'You are root.', ja: 'root として実行しています。' },
  asUser: {
    en: 'You are an ordinary user: a user namespace takes the place of root.',
    ja: '一般ユーザとして実行しています。root の代わりに user namespace を使います。',
  },
  goOn: { en: 'Enter: run it', ja: 'Enter で実行' },
  inside: { en: 'inside', ja: '中' },
  outside: { en: 'outside', ja: '外' },
  ended: { en: 'ended', ja: '終了' },
  nothing: { en: '(nothing)', ja: '(出力なし)' },
  plan: { en: 'What this part adds to the plan:', ja: 'この部品によって計画に加わる手順:' },
  wholePlan: { en: 'The whole plan:', ja: '計画全体:' },
  answer: { en: 'Your answer', ja: '答え' },
  answerLine: { en: 'Answer', ja: '答え' },
  right: { en: 'Right. See for yourself:', ja: '正解です。実際に見てみましょう。' },
  wrong: { en: 'Not quite. See for yourself:', ja: '残念、違います。実際に見てみましょう。' },
  unanswered: { en: 'See for yourself:', ja: '実際に見てみましょう。' },
  choose: {
    en: 'Switch a part off by its number; Enter goes on',
    ja: '外す部品の番号を入力(Enter で次へ)',
  },
  without: { en: 'Without', ja: '外した部品:' },
  task: { en: 'Your turn', ja: 'やってみよう' },
  typed: { en: 'Command (Enter: show me)', ja: 'コマンド(Enter で解答例)' },
  again: {
    en: 'Not yet. Try again, or press Enter to be shown.',
    ja: 'まだです。もう一度試すか、Enter で解答例を見てください。',
  },
  solution: { en: 'One way:', ja: '解答例:' },
  broken: { en: 'This should hold here, and does not:', ja: '成り立つはずのことが、この環境では成り立ちませんでした:' },
  skipped: { en: 'This can’t be shown here:', ja: 'この環境では実行できません:' },
  next: { en: 'Enter: the next chapter', ja: 'Enter で次の章へ' },
  end: { en: 'That was the course.', ja: 'これで終わりです。お疲れさまでした。' },
  recorded: {
    en: 'Recorded from real containers, as root, by scripts/record-learn.ts, and recorded again by the tests; ‹…› stands for what differs from run to run. Plans are for a host with cgroup v2.',
    ja: '出力は scripts/record-learn.ts が root で実際にコンテナを動かして記録したもので、テストが記録し直して照合しています。‹…› は実行のたびに変わる値です。計画は cgroup v2 のホストのものです。',
  },
  playIt: { en: 'Play it:', ja: '端末で試す:' },
} as const satisfies Readonly<Record<string, Text>>;
