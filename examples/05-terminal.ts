/** An interactive shell in a container: a terminal of its own, with job control, Ctrl-C and window size. */
import { haco, orThrow } from '@haco/core';

const { stdin, stdout } = process;
const size = stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : { columns: 100, rows: 30 };

await using container = await orThrow(
  haco()
    .name('shell')
    .unshare('pid', 'uts', 'mount')
    .independent('procfs')
    .env({ PS1: 'inside $ ' })
    .tty(size)
    .command('/bin/sh')
    .start(),
);

// Keys go in as they are, Ctrl-C too: the terminal inside makes a signal of it.
if (stdin.isTTY) stdin.setRawMode(true);
container.stdout?.pipe(stdout);
// Not pipe(): the end of our input is not the end of the terminal.
stdin.on('data', (keys: Buffer) => container.stdin?.write(keys));
stdout.on('resize', () => void container.resize(stdout.columns, stdout.rows).isOk());

const outcome = await orThrow(container.wait());
if (stdin.isTTY) stdin.setRawMode(false);
stdin.destroy();
console.log(`The shell ended with ${String(outcome.exitCode)}.`);
