/** Talking with the reader: lines out, lines in. When nobody answers, the course plays by itself. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** What the engine talks through. */
export interface Conversation {
  say(line: string): void;
  /** The next line; undefined: there won't be one. */
  ask(prompt: string): Promise<string | undefined>;
}

/** A conversation over a stream of lines, a pipe as well as a terminal. */
export class StreamConversation implements Conversation, Disposable {
  readonly #lines: ReturnType<typeof createInterface>;
  readonly #waiting: string[] = [];
  #wake: ((line: string | undefined) => void) | undefined;
  #ended = false;

  constructor(
    input: Readable,
    private readonly write: (text: string) => void,
    private readonly echoes: boolean,
    signal: AbortSignal,
  ) {
    // Of the stream, only lines are wanted: the terminal itself echoes and edits.
    this.#lines = createInterface({ input, terminal: false });
    this.#lines.on('line', (line) => {
      const wake = this.#take();
      if (wake === undefined) this.#waiting.push(line);
      else wake(line);
    });
    this.#lines.on('close', () => this.#end());
    signal.addEventListener('abort', () => this.#end());
  }

  say(line: string): void {
    this.write(`${line}\n`);
  }

  async ask(prompt: string): Promise<string | undefined> {
    this.write(`${prompt} > `);
    const line =
      this.#waiting.shift() ??
      (this.#ended ? undefined : await new Promise<string | undefined>((resolve) => (this.#wake = resolve)));
    if (!this.echoes || line === undefined) this.write(`${line ?? ''}\n`);
    return line?.trim();
  }

  /** Who waits for a line gets one: a second line that comes in the same moment is for the next question. */
  #take(): ((line: string | undefined) => void) | undefined {
    const wake = this.#wake;
    this.#wake = undefined;
    return wake;
  }

  #end(): void {
    this.#ended = true;
    this.#take()?.(undefined);
  }

  [Symbol.dispose](): void {
    this.#lines.close();
  }
}
