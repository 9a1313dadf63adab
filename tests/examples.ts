/** Runs examples and compares what they print with the `.out` file beside them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../examples/', import.meta.url));

/** Names of all examples, without `.ts`. */
export const exampleNames: readonly string[] = readdirSync(directory)
  .filter((file) => /^\d\d-.*\.ts$/.test(file))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();

/** What an example printed, and what was wanted. */
export interface ExampleRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly expected: string;
}

/** Run an example as this user, with its `.in` file as input where it has one. */
export function runExample(name: string): ExampleRun {
  const input = `${directory}${name}.in`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions', '@haco/source', `${directory}${name}.ts`],
    {
      cwd: directory,
      encoding: 'utf8',
      input: existsSync(input) ? readFileSync(input, 'utf8') : '',
      // A virtual machine on a busy host needs its time to load TypeScript.
      timeout: process.env['VM_RUN'] === '1' ? 110_000 : 25_000,
      killSignal: 'SIGKILL',
    },
  );
  return { exitCode: status, stdout, stderr, expected: readFileSync(`${directory}${name}.out`, 'utf8') };
}

/**
 * A `.out` file as a regular expression: text as it is, `{{…}}` a regular expression, a line `...` any number of lines.
 */
export function patternOf(expected: string): RegExp {
  const lines = expected
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (line === '...') return '(?:.*\\n)*?';
      const text = line
        .split(/\{\{(.*?)\}\}/)
        .map((piece, index) => (index % 2 === 1 ? `(?:${piece})` : escape(piece)));
      return `${text.join('')}\\n`;
    });
  return new RegExp(`^${lines.join('')}$`);
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
