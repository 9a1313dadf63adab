/** The first container of a Node process: nothing has been set up yet. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the end of the very first launcher is noticed, however slowly Node begins to listen', () => {
  const script = fileURLToPath(new URL('fixtures/slow-listener.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions', '@haco/source', script],
    // Without the listener in place before the launcher starts, this waits for ever.
    { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' },
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('exited\n');
});
