/** The transcripts in docs/cli are true: each is typed into a terminal, line by line. */
import { rmSync } from 'node:fs';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { describe, expect, it } from 'vitest';
import { patternOf } from '../examples.js';
import { Desk, exchangesOf, filesOf, readTranscript, transcriptNames } from './transcripts.js';

describe('the reader of transcripts', () => {
  it('finds commands, what they show, and files', () => {
    const text = 'x\n```console\n$ a \\\n  b\n1\n2\n$ c\n```\n```ts\n// file: f.ts\nexport {};\n```\n';
    expect(exchangesOf(text)).toEqual([
      { line: 3, command: 'a \\\n  b', expected: '1\n2\n' },
      { line: 7, command: 'c', expected: '' },
    ]);
    expect(filesOf(text)).toEqual([['f.ts', 'export {};\n']]);
  });
});

describeWith(
  ['root', 'overlay', 'controller:memory', 'controller:pids', 'controller:cpu'],
  'the transcripts of docs/cli',
  () => {
    it.each(transcriptNames)('%s', { timeout: 600_000 }, async (name) => {
      const text = readTranscript(name);
      // What this process keeps from its first start on is there before anybody counts.
      await orThrow(haco().tty().command('true').run());
      await expectNothingLeft(async () => {
        const directory = await makeTemporaryDirectory('transcript');
        const desk = new Desk(directory);
        for (const [file, content] of filesOf(text)) desk.write(file, content);
        try {
          for (const { line, command, expected } of exchangesOf(text)) {
            const shown = await desk.type(command);
            const pattern = expected === '' ? /^$/ : patternOf(expected);
            expect(shown, `docs/cli/${name}.md:${String(line)}: ${command}`).toMatch(pattern);
          }
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      });
    });
  },
);
