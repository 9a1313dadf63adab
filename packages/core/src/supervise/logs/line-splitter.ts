/** Cuts what a stream brings into lines; a line without end is cut into pieces. */

/** A longer line is written in pieces. */
export const longestPiece = 16 * 1024;

/** Called with each line, without its end, or with each piece of one. */
export type TakeLine = (line: Buffer, partial: boolean) => void;

/** Lines of one stream. */
export class LineSplitter {
  #rest: Buffer[] = [];
  #length = 0;

  constructor(private readonly take: TakeLine) {}

  push(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(10, at);
      const piece = chunk.subarray(at, end < 0 ? chunk.length : end);
      this.#add(piece);
      if (end < 0) return;
      this.#flush(false);
      at = end + 1;
    }
  }

  /** The stream has ended: what has no end of line is the last line. */
  end(): void {
    if (this.#length > 0) this.#flush(false);
  }

  #add(piece: Buffer): void {
    let rest = piece;
    while (this.#length + rest.length > longestPiece) {
      const fits = longestPiece - this.#length;
      this.#rest.push(rest.subarray(0, fits));
      this.#length += fits;
      this.#flush(true);
      rest = rest.subarray(fits);
    }
    if (rest.length === 0) return;
    this.#rest.push(rest);
    this.#length += rest.length;
  }

  #flush(partial: boolean): void {
    const line = this.#rest.length === 1 ? (this.#rest[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#length = 0;
    this.take(line, partial);
  }
}
