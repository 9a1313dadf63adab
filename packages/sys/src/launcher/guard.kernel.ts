import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith, expectNothingLeft, ownLaunchers } from '@haco/testkit';
import { lives } from '../fixtures/lives.js';
import { startNode } from '../fixtures/node-program.js';
import { closeForkServer } from './fork-server.js';
import { begin, clone, directory, exec, ways, warmUp } from '../fixtures/perform.js';

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

async function said(node: ReturnType<typeof startNode>): Promise<readonly number[]> {
  const [line] = (await once(node.stdout, 'data')) as [Buffer];
  return line.toString().trim().split(' ').map(Number);
}

describeWith(['root'], 'the bond to Node of containers that took back the one of the kernel', () => {
  beforeAll(warmUp);

  it.each(ways)('ends one that was started %s when Node is killed', async (way) => {
    const node = startNode('guarded.ts', way);
    const [pid = 0] = await said(node);
    expect(nameOf(pid)).toBe('sleep');
    node.kill('SIGKILL');
    await expect.poll(() => lives(pid)).toBe(false);
  });

  // A virtual machine takes a tenth of a second for the start of each guard.
  const count = process.env['VM_RUN'] === '1' ? 20 : 150;
  it('ends many, which share a few guards', { timeout: 60_000 }, async () => {
    await expectNothingLeft(
      async () => {
        const node = startNode('guarded.ts', 'served', String(count));
        const pids = await said(node);
        expect(pids.filter(lives)).toHaveLength(count);
        const all = readFileSync(`/proc/${String(node.pid)}/task/${String(node.pid)}/children`, 'utf8')
          .trim()
          .split(' ');
        const beside = all.map(Number).filter((pid) => !pids.includes(pid));
        // One for those that were started about the same time; and the fork server with its spare.
        expect(beside.length).toBeGreaterThan(1);
        expect(beside.length).toBeLessThan(75);
        node.kill('SIGKILL');
        await expect.poll(() => pids.filter(lives)).toEqual([]);
      },
      { patienceMs: 5000 },
    );
  });
});

describeWith(['root'], 'the guard of a container', () => {
  let none: number;
  beforeAll(warmUp);
  beforeEach(() => {
    none = openSync('/dev/null', 'r+');
    // A fork server would be a launcher, too.
    closeForkServer();
  });
  afterEach(() => closeSync(none));

  const sleeping = (seconds: string, ...more: Parameters<typeof begin>[0]) =>
    begin([clone(), exec('/bin/sleep', seconds), ...more], { stdio: [none, none, none] });

  it('comes when it has lived for a moment, and goes with it', async () => {
    await expectNothingLeft(async () => {
      const launched = sleeping('0.3');
      await expect.poll(ownLaunchers, { interval: 5 }).toHaveLength(1);
      // Without the launcher, which has ended by then.
      expect((await launched.started).isOk()).toBe(true);
      await expect.poll(() => ownLaunchers().length, { interval: 5 }).toBe(1);
      await launched.ended;
      await expect.poll(ownLaunchers).toEqual([]);
    });
  });

  it('is not needed by one that ends at once, and by one whose launcher stays', async () => {
    await expectNothingLeft(async () => {
      const short = sleeping('0');
      await short.ended;
      expect(ownLaunchers()).toEqual([]);
      closeForkServer();
      const long = sleeping('0.2', ...directory(`/tmp/haco-sys-guard-${String(process.pid)}`));
      const started = await long.started;
      if (started.isErr()) throw started.error.error;
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(ownLaunchers()).toHaveLength(1);
      await long.ended;
    });
  });

  it('is replaced when somebody has killed it', async () => {
    await expectNothingLeft(async () => {
      const launched = sleeping('1');
      expect((await launched.started).isOk()).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 60));
      const [guard = 0] = ownLaunchers();
      process.kill(guard, 'SIGKILL');
      await expect.poll(() => ownLaunchers().some((pid) => pid !== guard), { interval: 5 }).toBe(true);
      expect(launched.kill(9)).toBe(true);
      expect(await launched.ended).toMatchObject({ signal: 9 });
    });
  });
});
