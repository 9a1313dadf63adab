/** Reads a log and those that were put aside before it, and goes on with what comes. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { parseLine, type LogRecord } from './record.js';

/** What of a log is read. */
export interface ReadLogsOptions {
  /** Go on with what is written from now on, until the container has ended. */
  readonly follow?: boolean;
  /** Only the last lines of what is there. */
  readonly tail?: number;
  /** Only what was written since then, in milliseconds since 1970. */
  readonly sinceMs?: number;
}

const chunkBytes = 64 * 1024;
/** Pieces of one line are put together up to here. */
const longestLine = 1024 * 1024;
/** inotify tells what changes in a directory; on file systems that don't, somebody must look. */
const lookMs = 500;

function openLog(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function inodeAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${String(dev)}:${String(ino)}`;
  } catch {
    return undefined;
  }
}

const nth = (path: string, n: number): string => (n === 0 ? path : `${path}.${String(n)}`);

/** Number of the oldest file that is there; -1: there is none. */
function oldest(path: string): number {
  let n = -1;
  while (inodeAt(nth(path, n + 1)) !== undefined) n += 1;
  return n;
}

/** Lines of one stream of pieces. */
class Joiner {
  readonly #pieces = new Map<LogRecord['stream'], LogRecord>();

  /** A whole line, when this was its last piece. */
  add(line: string): LogRecord | undefined {
    const parsed = parseLine(line);
    if (parsed === undefined) return undefined;
    const { partial, ...record } = parsed;
    const before = this.#pieces.get(record.stream);
    const whole = before === undefined ? record : { ...before, text: before.text + record.text };
    if (partial && whole.text.length < longestLine) {
      this.#pieces.set(record.stream, whole);
      return undefined;
    }
    this.#pieces.delete(record.stream);
    return whole;
  }
}

/** The files of a log as one, from the oldest to the current one, also while they are being renamed. */
class LogFiles {
  #fd: number | undefined;
  #offset = 0;
  #rest = '';
  #decoder = new StringDecoder('utf8');
  readonly #joiner = new Joiner();

  constructor(private readonly path: string) {
    this.#fd = openLog(nth(path, Math.max(0, oldest(path))));
  }

  /** What can be read now. */
  *records(): Generator<LogRecord> {
    for (;;) {
      if (this.#fd === undefined) this.#fd = openLog(nth(this.path, Math.max(0, oldest(this.path))));
      if (this.#fd === undefined) return;
      yield* this.#readOn(this.#fd);
      const own = this.#own(this.#fd);
      if (inodeAt(this.path) === own) return;
      // It was put aside, so it is complete by now; what was written right before that is read before going on.
      yield* this.#readOn(this.#fd);
      if (!this.#goOn(this.#fd, own)) return;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #own(fd: number): string {
    const { dev, ino, size } = fstatSync(fd);
    // A log of one file is emptied when it is full.
    if (size < this.#offset) this.#offset = 0;
    return `${String(dev)}:${String(ino)}`;
  }

  *#readOn(fd: number): Generator<LogRecord> {
    const buffer = Buffer.alloc(chunkBytes);
    for (;;) {
      const count = readSync(fd, buffer, 0, chunkBytes, this.#offset);
      if (count === 0) return;
      this.#offset += count;
      const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, count))).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const record = this.#joiner.add(line);
        if (record !== undefined) yield record;
      }
    }
  }

  /** Go on with the file that follows. False: it isn't there yet. */
  #goOn(fd: number, own: string): boolean {
    let n = 1;
    while (inodeAt(nth(this.path, n)) !== undefined && inodeAt(nth(this.path, n)) !== own) n += 1;
    // Renamed too often meanwhile: it is no longer there, what follows it is the oldest one.
    const next = inodeAt(nth(this.path, n)) === own ? n - 1 : oldest(this.path);
    const opened = openLog(nth(this.path, Math.max(0, next)));
    if (opened === undefined) return false;
    closeSync(fd);
    this.#fd = opened;
    this.#offset = 0;
    this.#rest = '';
    this.#decoder = new StringDecoder('utf8');
    return true;
  }
}

/** Resolves when something changes in the directory of the log, or after a while. */
class Changes {
  #wake: () => void = () => undefined;
  #changed = false;
  readonly #watcher;

  constructor(path: string) {
    try {
      this.#watcher = watch(dirname(path), () => {
        this.#changed = true;
        this.#wake();
      });
      // The directory goes when the container is removed.
      this.#watcher.on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#wake();
  }
}

/**
 * The lines of a log.
 *
 * @param isOver - whether nothing will be written any more
 */
export async function* readLogs(
  path: string,
  { follow = false, tail, sinceMs }: ReadLogsOptions,
  isOver: () => boolean,
): AsyncGenerator<LogRecord, void, undefined> {
  const changes = follow ? new Changes(path) : undefined;
  const files = new LogFiles(path);
  const wanted = ({ time }: LogRecord): boolean => sinceMs === undefined || Date.parse(time) >= sinceMs;
  try {
    let over = isOver();
    if (tail === undefined) {
      for (const record of files.records()) if (wanted(record)) yield record;
    } else {
      const last: LogRecord[] = [];
      for (const record of files.records()) {
        if (!wanted(record)) continue;
        last.push(record);
        if (last.length > tail) last.shift();
      }
      yield* last;
    }
    while (changes !== undefined && !over) {
      await changes.next();
      // Asked before the last look: what was written before the end is read after it.
      over = isOver();
      for (const record of files.records()) if (wanted(record)) yield record;
    }
  } finally {
    files.close();
    changes?.close();
  }
}
