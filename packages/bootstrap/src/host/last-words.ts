/** The last lines that a program printed, for an error that says why it failed. */

const most = 12;

/** What `sh -x` prints of each command before it is done: the first letter of PS4, once for each level. */
const echo = /^\++ /;

/**
 * Lines to come, and those to show. What the program said itself goes before what the shell echoes of its commands, of which the last
 * is always there: that is the one that failed.
 */
export class LastWords {
  readonly #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length <= most) return;
    const last = this.#lines.findLastIndex((one) => echo.test(one));
    const oldest = this.#lines.findIndex((one) => echo.test(one));
    this.#lines.splice(oldest === last ? (last === 0 ? 1 : 0) : oldest, 1);
  }

  /** Empty when it printed nothing. */
  toString(): string {
    return this.#lines.join('\n');
  }
}
