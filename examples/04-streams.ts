/** Streams: talk to a container while it runs, with back-pressure, or let its output go to files. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { haco, orThrow } from '@haco/core';

// start() gives the handle as soon as the command runs. Leaving the block kills what still runs.
{
  await using container = await orThrow(
    haco().unshare('pid').sh('while read -r line; do echo "you said $line"; done').start(),
  );
  container.stdin?.write('hello\n');
  container.stdin?.end('goodbye\n');
  if (container.stdout !== null) for await (const line of createInterface(container.stdout)) console.log(line);
  const outcome = await orThrow(container.wait());
  console.log(`${outcome.reason} ${String(outcome.exitCode)}`);
}

// Any Readable may be its input: here a hundred thousand numbers, of which wc counts all.
const numbers = Readable.from(
  (function* () {
    for (let i = 100_000; i > 0; i--) yield `${String(i)}\n`;
  })(),
  { objectMode: false },
);
const counted = await orThrow(haco().stdin(numbers).command('wc', '-l').run());
console.log(`lines counted: ${counted.stdout.trim()}`);

// A file takes the output; the two streams stay apart.
const scratch = await mkdtemp(join(tmpdir(), 'haco-example-'));
try {
  const file = join(scratch, 'build.log');
  const { stderr } = await orThrow(haco().stdout({ file }).sh('echo to the file; echo to the outcome >&2').run());
  console.log(`${file.split('/').at(-1) ?? ''}: ${(await readFile(file, 'utf8')).trim()}; stderr: ${stderr.trim()}`);
} finally {
  await rm(scratch, { recursive: true });
}
