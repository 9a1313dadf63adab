/** The terminal of a container in the foreground, shown on that of the caller. */
import { ReadStream, isatty } from 'node:tty';
import { receiveDescriptor, Terminal } from '@haco/core';
import { libc } from '@haco/sys';

/** What is shown. */
export interface Screen {
  /** Show what is left, and give the caller's terminal back. */
  readonly close: () => Promise<void>;
}

/** How long what was written last may take. */
const drainMs = 500;

/** Show the terminal that was sent over a socket; undefined: none was. */
export function showTerminal(socket: number): Promise<Screen | undefined> {
  const received = receiveDescriptor(socket);
  libc().close(socket);
  if (received.isErr()) return Promise.resolve(undefined);
  const terminal = new Terminal(received.value);
  const raw = isatty(0) && process.stdin instanceof ReadStream ? process.stdin : undefined;
  const resize = (): void => {
    if (process.stdout.isTTY) terminal.resize(process.stdout.columns, process.stdout.rows);
  };
  raw?.setRawMode(true);
  resize();
  process.on('SIGWINCH', resize);
  process.stdin.pipe(terminal.input, { end: false });
  terminal.output.pipe(process.stdout, { end: false });
  return Promise.resolve({
    close: async () => {
      const ended = new Promise<void>((resolve) => terminal.output.once('end', resolve));
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, drainMs))]);
      process.off('SIGWINCH', resize);
      process.stdin.unpipe(terminal.input);
      process.stdin.pause();
      raw?.setRawMode(false);
      terminal.close();
    },
  });
}
