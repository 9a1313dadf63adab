/** What the containers of a cluster write, as one sequence of lines. */
import { StringDecoder } from 'node:string_decoder';
import { Readable } from 'node:stream';

/** One line of a container. */
export interface OutputLine {
  /** Name of the container. */
  readonly container: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without its end. */
  readonly text: string;
}

/** How much is kept for who comes later, or is away; then the oldest lines go. */
const kept = { lines: 10_000, characters: 16 * 1024 * 1024 };
/** A longer line is cut into several. */
const longest = 64 * 1024;
/** Who has a line for so long and asks for no other is away: nothing waits for him. */
const patienceMs = 5000;

interface Reader {
  /** Number of the line that is next. */
  at: number;
  /** Since when he has had a line; undefined: he waits for one. */
  busySinceMs: number | undefined;
  readonly patienceMs: number;
}

const isHere = ({ busySinceMs, patienceMs: patience }: Reader): boolean =>
  busySinceMs === undefined || performance.now() - busySinceMs < patience;

/**
 * Reads streams, also when nobody listens: a container must not stand still because of that. For who reads nothing is lost: where a
 * container is faster, it waits as at any pipe.
 */
export class Output {
  readonly #lines: OutputLine[] = [];
  #characters = 0;
  /** How many lines were dropped from the front. */
  #dropped = 0;
  #open = 0;
  #closed = false;
  #wake: (() => void)[] = [];
  readonly #readers = new Set<Reader>();
  readonly #paused = new Set<Readable>();
  #timer: NodeJS.Timeout | undefined;

  add(container: string, stream: 'stdout' | 'stderr', source: Readable | null): void {
    if (source === null) return;
    this.#open += 1;
    const decoder = new StringDecoder('utf8');
    let rest = '';
    const push = (text: string): void => {
      this.#lines.push({ container, stream, text });
      this.#characters += text.length;
    };
    source.on('data', (chunk: Buffer) => {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) push(part);
      for (; rest.length > longest; rest = rest.slice(longest)) push(rest.slice(0, longest));
      this.#tell();
      this.#trim();
      if (!this.#isFull()) return;
      source.pause();
      this.#paused.add(source);
      this.#timer ??= this.#inTime();
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

  #isFull(): boolean {
    return this.#lines.length > kept.lines || this.#characters > kept.characters;
  }

  /** Drop what is too much, as far as nobody who is here wants it. */
  #trim(): void {
    const wanted = Math.min(...[...this.#readers].filter(isHere).map(({ at }) => at)) - this.#dropped;
    let count = 0;
    for (; count < wanted && this.#lines.length - count > 0; count += 1) {
      if (this.#lines.length - count <= kept.lines && this.#characters <= kept.characters) break;
      this.#characters -= this.#lines[count]?.text.length ?? 0;
    }
    this.#lines.splice(0, count);
    this.#dropped += count;
  }

  #makeRoom(): void {
    if (this.#paused.size === 0) return;
    this.#trim();
    if (this.#isFull()) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const source of this.#paused) source.resume();
    this.#paused.clear();
  }

  #lookAgain(): void {
    this.#timer = undefined;
    this.#makeRoom();
    if (this.#paused.size > 0) this.#timer = this.#inTime();
  }

  /** Looks again when the first of those who are slow now counts as away. */
  #inTime(): NodeJS.Timeout {
    const now = performance.now();
    const left = [...this.#readers]
      .filter(isHere)
      .map(({ busySinceMs, patienceMs: patience }) => patience - (now - (busySinceMs ?? now)));
    return setTimeout(() => this.#lookAgain(), Math.ceil(Math.min(patienceMs, ...left)));
  }

  /**
   * All lines from the first that is kept, until all streams have ended.
   *
   * @param patience - after how many milliseconds who takes none counts as away
   */
  async *lines(patience = patienceMs): AsyncGenerator<OutputLine, void, void> {
    const reader: Reader = { at: this.#dropped, busySinceMs: undefined, patienceMs: patience };
    this.#readers.add(reader);
    try {
      for (;;) {
        const lost = this.#dropped - reader.at;
        const line = this.#lines[Math.max(0, -lost)];
        reader.busySinceMs = line === undefined ? undefined : performance.now();
        if (line !== undefined) {
          reader.at = Math.max(reader.at, this.#dropped) + 1;
          // Half of them, so that they aren't moved for each.
          if ((reader.at - this.#dropped) * 2 > this.#lines.length) this.#makeRoom();
          if (lost > 0) yield { ...line, stream: 'stderr', text: `haco: ${String(lost)} lines were lost here` };
          yield line;
          continue;
        }
        if (this.#closed && this.#open === 0) return;
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      this.#readers.delete(reader);
      this.#makeRoom();
    }
  }
}

/** Lines for people: each after the name of its container. */
export function asText(lines: AsyncIterable<OutputLine>, names: readonly string[]): Readable {
  const width = Math.max(0, ...names.map((name) => name.length));
  const text = async function* (): AsyncGenerator<string, void> {
    for await (const line of lines) yield `${line.container.padEnd(width)} | ${line.text}\n`;
  };
  return Readable.from(text(), { objectMode: false });
}
