/** A program that is killed while one of its hooks runs: it says the pid of its container, and waits. */
import { haco, type HookPoint } from '../index.js';

const [point = 'setup', root = '/'] = process.argv.slice(2);
void (await haco()
  .unshare('mount', 'pid')
  .chroot(root)
  .memory('64MiB')
  .hook(point as HookPoint, async ({ pid }) => {
    process.stdout.write(`${String(pid ?? 0)}\n`);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  })
  .sh('sleep 60')
  .run());
