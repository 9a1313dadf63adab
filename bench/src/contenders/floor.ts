/** The C program that makes the same system calls: a process that is asked for one start after the other. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Contender, StagePaths } from './contender.js';

class Floor implements Disposable {
  readonly #process: ChildProcessWithoutNullStreams;
  #answer: ((ms: number) => void) | undefined;

  constructor(file: string, args: readonly string[]) {
    this.#process = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdout.setEncoding('utf8');
    this.#process.stdout.on('data', (line: string) => this.#answer?.(Number(line) / 1e6));
    this.#process.stderr.on('data', (text: Buffer) => process.stderr.write(text));
    this.#process.on('exit', () => this.#answer?.(Number.NaN));
    this.#process.unref();
  }

  async start(): Promise<number> {
    const answer = new Promise<number>((resolve) => (this.#answer = resolve));
    this.#process.stdin.write('\n');
    const ms = await answer;
    if (Number.isNaN(ms)) throw new Error('the floor has failed');
    return ms;
  }

  [Symbol.dispose](): void {
    this.#process.kill();
  }
}

/** The floors, and how to end them. */
export function floorContenders({
  floor,
  root,
  staticTrue,
}: StagePaths): Disposable & { readonly contenders: readonly Contender[] } {
  const none = new Floor(floor, ['none', staticTrue]);
  const full = new Floor(floor, ['full', '/bin/true', root]);
  return {
    contenders: [
      { id: 'floor-none', label: 'C: no isolation', group: 'floor', start: () => none.start() },
      {
        id: 'floor-full',
        label: 'C: the system calls of the full isolation',
        group: 'floor',
        start: () => full.start(),
      },
    ],
    [Symbol.dispose]: () => {
      none[Symbol.dispose]();
      full[Symbol.dispose]();
    },
  };
}
