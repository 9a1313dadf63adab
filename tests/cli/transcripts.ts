/** Transcripts of the command line: every `$ …` line of docs/cli is typed into a terminal, and shows what is written below it. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { haco, orThrow } from '@haco/core';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = join(root, 'docs/cli');

/** A command line, and what it shows. */
export interface Exchange {
  readonly line: number;
  readonly command: string;
  readonly expected: string;
}

/** Names of all transcripts, without `.md`. */
export const transcriptNames: readonly string[] = readdirSync(documents)
  .filter((file) => file.endsWith('.md'))
  .map((file) => file.replace(/\.md$/, ''))
  .sort();

/** The text of a transcript. */
export function readTranscript(name: string): string {
  return readFileSync(join(documents, `${name}.md`), 'utf8');
}

/** What is typed in the `console` blocks of a document; a line that ends with `\` goes on. */
export function exchangesOf(text: string): readonly Exchange[] {
  const exchanges: { line: number; command: string; expected: string }[] = [];
  let inside = false;
  text.split('\n').forEach((line, index) => {
    if (/^```/.test(line)) {
      inside = line === '```console';
      return;
    }
    if (!inside) return;
    const last = exchanges.at(-1);
    if (line.startsWith('$ ')) exchanges.push({ line: index + 1, command: line.slice(2), expected: '' });
    else if (last !== undefined && last.expected === '' && last.command.endsWith('\\')) last.command += `\n${line}`;
    else if (last !== undefined) last.expected += `${line}\n`;
  });
  return exchanges;
}

/** Files that a document shows as ```ts with a first line `// file: NAME`. */
export function filesOf(text: string): readonly (readonly [name: string, content: string])[] {
  return [...text.matchAll(/^```ts\n\/\/ file: (\S+)\n([\s\S]*?)^```$/gm)].map(([, name = '', content = '']) => [
    name,
    content,
  ]);
}

/** A directory in which `haco` is the command of these sources. */
export class Desk {
  constructor(private readonly directory: string) {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    mkdirSync(join(directory, 'home'));
    mkdirSync(join(directory, 'work'));
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const words = [
      process.execPath,
      '--import',
      tsx,
      '--conditions',
      '@haco/source',
      join(root, 'packages/cli/src/main.ts'),
    ];
    writeFileSync(join(bin, 'haco'), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    chmodSync(join(bin, 'haco'), 0o755);
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.directory, 'work', name), content);
  }

  /** Type a command line, and give what the terminal shows until it has ended. */
  async type(command: string): Promise<string> {
    const { stdout } = await orThrow(
      haco()
        .env({
          PATH: `${join(this.directory, 'bin')}:${process.env['PATH'] ?? ''}`,
          HOME: join(this.directory, 'home'),
          HACO_STATE_DIR: join(this.directory, 'state'),
          TERM: 'xterm',
          NO_COLOR: '1',
        })
        .workdir(join(this.directory, 'work'))
        .tty({ columns: 100, rows: 30 })
        .timeout('100s')
        .command('/bin/bash', '-c', command)
        .run(),
    );
    return stdout.replaceAll('\r\n', '\n');
  }
}
