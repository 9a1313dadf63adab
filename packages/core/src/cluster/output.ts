/** What the containers of a cluster write, as one sequence of lines. */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** One line of a container. */
export interface OutputLine {
  /** Name of the container. */
  readonly container: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without its end. */
  readonly text: string;
}

/** How many lines are kept for who comes later, or reads slowly; then the oldest go. */
const kept = 10_000;
/** A longer line is cut into several. */
const longest = 64 * 1024;

/** Reads streams, also when nobody listens: a container must not stand still because of that. */
export class Output {
  readonly #lines: OutputLine[] = [];
  /** How many lines were dropped from the front. */
  #dropped = 0;
  #open = 0;
  #closed = false;
  #wake: (() => void)[] = [];

  add(container: string, stream: 'stdout' | 'stderr', source: Readable | null): void {
    if (source === null) return;
    this.#open += 1;
    const decoder = new StringDecoder('utf8');
    let rest = '';
    const push = (text: string): void => {
      this.#lines.push({ container, stream, text });
      if (this.#lines.length > kept) {
        this.#lines.shift();
        this.#dropped += 1;
      }
    };
    source.on('data', (chunk: Buffer) => {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) push(part);
      for (; rest.length > longest; rest = rest.slice(longest)) push(rest.slice(0, longest));
      this.#tell();
    });
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      rest += decoder.end();
      if (rest !== '') push(rest);
      this.#open -= 1;
      this.#tell();
    };
    source.once('end', end).once('close', end).once('error', end);
  }

  /** No stream comes any more. */
  close(): void {
    this.#closed = true;
    this.#tell();
  }

  #tell(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** All lines from the first that is kept, until all streams have ended. */
  async *lines(): AsyncGenerator<OutputLine, void, void> {
    let at = this.#dropped;
    for (;;) {
      at = Math.max(at, this.#dropped);
      const line = this.#lines[at - this.#dropped];
      if (line !== undefined) {
        at += 1;
        yield line;
        continue;
      }
      if (this.#closed && this.#open === 0) return;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}
