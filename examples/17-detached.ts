/** A container that goes on without the program that started it: its output, its health, its restarts, its end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containers, haco, orThrow } from '@haco/core';

// Where state is kept; without this, in /run/haco or $XDG_RUNTIME_DIR/haco.
const directory = mkdtempSync(join(tmpdir(), 'haco-example-'));
const stateDir = join(directory, 'state');

const worker = haco()
  .name('worker')
  .unshare('pid', 'uts')
  .restart('on-failure', { max: 2, delay: '20ms' })
  .env({ PATH: '/usr/bin:/bin', GO: join(directory, 'go') })
  .sh('echo "at work on $(hostname)"; until test -e "$GO"; do sleep 0.05; done; exit 7');
await orThrow(worker.detach({ stateDir }));

// From here on, this might be another program: all it needs is the name.
const found = await orThrow(containers({ stateDir }).get('worker'));
console.log((await orThrow(found.state())).status);
console.log((await orThrow(found.exec('sh', '-c', 'echo hello from inside; touch "$GO"'))).stdout.trim());
for await (const { stream, text } of await orThrow(found.logs({ follow: true }))) console.log(stream, text);

const { reason, exitCode } = await orThrow(found.wait());
const { status, restarts } = await orThrow(found.state());
console.log(reason, exitCode, status, `after ${String(restarts)} restarts`);

// The name is taken until the container, kept for its outcome, is removed.
const taken = await worker.detach({ stateDir });
console.log(taken.isErr() && taken.error.kind);
await orThrow(found.remove());
console.log((await orThrow(containers({ stateDir }).list())).length, 'containers left');
rmSync(directory, { recursive: true });
