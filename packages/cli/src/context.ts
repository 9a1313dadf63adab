/** What a command knows about where it runs: streams, colours, width. */
import { isatty } from 'node:tty';
import { writeAll } from './output.js';

const styles = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** A way to show text. */
export type Style = keyof typeof styles;

/** Where a command runs. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Which of the standard streams is a terminal. */
  readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Characters in a line of stdout. */
  readonly columns: number;
  /** Colour text for stdout, where that shows colours. */
  readonly paint: (style: Style, text: string) => string;
  /** Colour text for stderr. */
  readonly paintError: (style: Style, text: string) => string;
  /** Write to stdout. */
  readonly write: (text: string) => void;
  /** Write a line to stdout. */
  readonly print: (line: string) => void;
  /** Write a line to stderr. */
  readonly printError: (line: string) => void;
}

/** Whether a stream shows colours. @see https://no-color.org */
export function showsColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR: none = '', FORCE_COLOR: force = '', TERM: term } = env;
  if (none !== '') return false;
  if (force !== '') return force !== '0';
  return isTerminal && term !== 'dumb';
}

/** A function that colours, or leaves text as it is. */
export function painter(shown: boolean): Context['paint'] {
  return (style, text) => {
    const [on, off] = styles[style];
    return shown ? `\u001b[${String(on)}m${text}\u001b[${String(off)}m` : text;
  };
}

/** The context of this process. */
export function processContext(): Context {
  const { env } = process;
  const isTerminal = { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) };
  return {
    env,
    isTerminal,
    // Only a terminal is asked: see output.ts.
    get columns() {
      return isTerminal.stdout ? process.stdout.columns : 100;
    },
    paint: painter(showsColours(isTerminal.stdout, env)),
    paintError: painter(showsColours(isTerminal.stderr, env)),
    write: (text) => writeAll(1, text),
    print: (line) => writeAll(1, `${line}\n`),
    printError: (line) => writeAll(2, `${line}\n`),
  };
}
