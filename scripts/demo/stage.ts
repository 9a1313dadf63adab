/** What the demo prints: headings, code, output, and claims that were checked. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (style: Style, text: string): string => (colours ? styleText(style, text) : text);
const indent = (text: string, prefix: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `${prefix}${line}`.trimEnd())
    .join('\n');

/** Prints, and counts the claims that don't hold. */
export class Stage {
  private scenes = 0;
  private held = 0;
  readonly broken: string[] = [];
  /** What this machine didn't let it show. */
  readonly skipped: string[] = [];

  /** What a scene is about. */
  scene(title: string): void {
    this.scenes += 1;
    this.say(`\n${paint('bold', `${String(this.scenes)}. ${title}`)}`);
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  note(text: string): void {
    this.say(paint('dim', indent(text, '   ')));
  }

  /** The code that runs next. */
  code(text: string): void {
    this.say(paint('cyan', indent(text, '   > ')));
  }

  /** What came out, inside or outside of a container. */
  output(text: string, where: 'inside' | 'outside' | '' = ''): void {
    const label = where === '' ? '' : `${where.padEnd(7)} `;
    this.say(indent(text.trimEnd() === '' ? '(nothing)' : text, `     ${paint('dim', `${label}|`)} `));
  }

  /** A statement that the demo has checked; `evidence` is added when it doesn't hold. */
  claim(holds: boolean, statement: string, evidence = ''): void {
    if (holds) {
      this.held += 1;
      this.say(`   ${paint('green', '✓')} ${statement}`);
      return;
    }
    this.broken.push(statement);
    this.say(
      `   ${paint('red', '✗')} This should hold and doesn't: ${statement}${evidence === '' ? '' : ` (${evidence})`}`,
    );
  }

  skip(reason: string): void {
    this.skipped.push(reason);
    this.say(`   ${paint('yellow', '-')} ${reason}`);
  }

  /** The last line; whether everything held. */
  finish(seconds: number): boolean {
    const time = `${seconds.toFixed(1)} s`;
    if (this.broken.length === 0) {
      this.say(`\n${paint('bold', `All ${String(this.held)} statements hold`)} (${time}).`);
      return true;
    }
    this.say(
      `\n${paint('red', `${String(this.broken.length)} of ${String(this.held + this.broken.length)} statements don't hold`)} (${time}):`,
    );
    for (const statement of this.broken) this.say(`  ✗ ${statement}`);
    return false;
  }
}
