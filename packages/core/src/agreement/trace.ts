/** What strace saw of one process, read from the front. */
import type { StraceCall } from '@haco/testkit';

/** Where plan and kernel part, as a sentence. */
export class Disagreement extends Error {}

/** The calls of one process. */
export class Trace {
  private at = 0;

  constructor(
    private readonly calls: readonly StraceCall[],
    private readonly who: string,
  ) {}

  peek(): StraceCall | undefined {
    return this.calls[this.at];
  }

  next(name: string, what: string): StraceCall {
    const call = this.calls[this.at];
    if (call?.name !== name) {
      const seen = call === undefined ? 'the end' : `${call.name}(${call.args.join(', ')})`;
      throw new Disagreement(`${this.who}: the plan says ${what}, strace saw ${seen}`);
    }
    this.at += 1;
    return call;
  }

  all(names: readonly string[], what: string): void {
    for (const name of names) this.next(name, `${name} (${what})`);
  }

  /** As much of these as there was time for: the process is killed, or strace looks no longer. */
  beginningOf(names: readonly string[], what: string): void {
    for (const name of names) if (this.peek() !== undefined) this.next(name, `${name} (${what})`);
    this.end();
  }

  end(): void {
    const call = this.peek();
    if (call !== undefined) throw new Disagreement(`${this.who}: strace saw ${call.name}, which the plan doesn't say`);
  }
}
