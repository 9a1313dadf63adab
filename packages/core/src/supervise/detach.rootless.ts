/** Detached containers of an ordinary user: the same life, in a directory of the user's own. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { containers, haco, orThrow } from '../index.js';

let base: string;

beforeAll(async () => {
  await warmUp();
  base = await makeTemporaryDirectory('detach');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true });
});

describeWith(['ordinary-user', 'userns'], 'a detached container without root', () => {
  test(
    'lives in the runtime directory of the session, is joined, stopped and lost as any other',
    () =>
      expectNothingLeft(
        async () => {
          vi.stubEnv('HACO_STATE_DIR', undefined);
          vi.stubEnv('XDG_RUNTIME_DIR', base);
          const builder = haco()
            .name('det-user')
            .unshare('user', 'pid')
            .sh('id -u; trap "exit 3" TERM; while :; do sleep 0.05; done');
          const container = await orThrow(builder.detach());
          expect(readdirSync(join(base, 'haco'))).toEqual(['det-user']);
          expect(statSync(join(base, 'haco')).mode & 0o777).toBe(0o700);
          expect((await orThrow(container.exec('id', '-u'))).stdout).toBe('0\n');
          expect((await builder.detach())._unsafeUnwrapErr().kind).toBe('conflict');
          expect((await orThrow(container.stop())).exitCode).toBe(3);
          const lines: string[] = [];
          for await (const { text } of await orThrow(container.logs())) lines.push(text);
          expect(lines).toEqual(['0']);

          const again = await orThrow(builder.detach({ replace: true }));
          process.kill((await orThrow(again.state())).supervisor?.pid ?? 0, 'SIGKILL');
          expect((await orThrow(again.wait())).signal).toBe('SIGKILL');
          await orThrow(again.remove());
          expect(await orThrow(containers().list())).toEqual([]);
        },
        { patienceMs: 10_000 },
      ),
    60_000,
  );

  test('needs to be told where, when there is no session', async () => {
    vi.stubEnv('HACO_STATE_DIR', undefined);
    vi.stubEnv('XDG_RUNTIME_DIR', undefined);
    expect((await haco().command('true').detach())._unsafeUnwrapErr().kind).toBe('not-found');
  });
});
