/** A job that is saved in the middle of its work, and goes on later, with another limit, as if nothing had happened. Needs CRIU. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';

const scratch = mkdtempSync(join(tmpdir(), 'haco-example-'));
try {
  // A root of one static program.
  const root = join(scratch, 'root');
  for (const directory of ['bin', 'dev', 'proc', 'tmp']) mkdirSync(join(root, directory), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/sh'));
  chmodSync(join(root, 'bin/sh'), 0o755);

  const count = 'i=0; while [ $i -lt 6 ]; do i=$((i+1)); echo "step $i"; read -r line; done; exit 3';
  const job = haco()
    .unshare('mount', 'pid', 'uts')
    .chroot(root)
    .independent('procfs', 'dev')
    .memory('64MiB')
    .command('/bin/sh', '-c', count);

  const container = await orThrow(job.start());
  container.stdin?.write('\n\n');
  let seen = '';
  for await (const text of container.stdout ?? []) if ((seen += String(text)).includes('step 3')) break;
  process.stdout.write(seen);

  const { directory } = await orThrow(container.checkpoint(join(scratch, 'saved')));
  console.log('saved:', (await orThrow(container.wait())).signal);

  const rest = job.memory('96MiB').stdin({ text: '\n\n\n\n' }).restoreFrom(directory);
  const outcome = await orThrow(rest.run());
  process.stdout.write(outcome.stdout);
  console.log('it ended by itself:', outcome.exitCode);
} finally {
  rmSync(scratch, { recursive: true });
}
