/** The terminal while `haco top` has it: another screen, no cursor, single keys; given back whatever happens. */
import { writeAll } from '../output.js';

const enter = '\u001b[?1049h\u001b[?25l\u001b[H\u001b[2J';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearToEnd = '\u001b[K';

/** What ends a program from outside. */
const ends: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGINT'];

/** A screen that is taken. */
export interface Screen {
  /** Show these lines. */
  readonly show: (lines: readonly string[]) => void;
  /** Give the terminal back. */
  readonly close: () => void;
}

/**
 * Take the terminal.
 *
 * @param key - called with each key
 * @param resized - called when the window has another size, and when the program goes on after Ctrl-Z
 * @param ended - called when a signal asks for the end
 */
export function openScreen(
  key: (name: string) => void,
  resized: () => void,
  ended: (signal: NodeJS.Signals) => void,
): Screen {
  const { stdin, stdout } = process;
  let taken = false;
  const take = (): void => {
    taken = true;
    if (stdin.isTTY) stdin.setRawMode(true);
    writeAll(1, enter);
  };
  const give = (): void => {
    if (!taken) return;
    taken = false;
    writeAll(1, leave);
    if (stdin.isTTY) stdin.setRawMode(false);
  };
  const type = (keys: Buffer): void => {
    for (const name of keys.toString('utf8')) {
      if (name !== '\u001a') key(name);
      else {
        // Ctrl-Z: the shell shall find its terminal as it was.
        give();
        process.kill(process.pid, 'SIGTSTP');
      }
    }
  };
  const goOn = (): void => {
    take();
    resized();
  };
  const signals = ends.map((signal) => [signal, () => ended(signal)] as const);
  process.on('exit', give).on('SIGCONT', goOn);
  for (const [signal, stop] of signals) process.on(signal, stop);
  stdout.on('resize', resized);
  if (stdin.isTTY) stdin.on('data', type).resume();
  take();
  return {
    show: (lines) => writeAll(1, `${home}${lines.map((line) => line + clearToEnd).join('\r\n')}\u001b[J`),
    close: () => {
      give();
      process.off('exit', give).off('SIGCONT', goOn);
      for (const [signal, stop] of signals) process.off(signal, stop);
      stdout.off('resize', resized);
      if (stdin.isTTY) stdin.off('data', type).pause();
    },
  };
}
