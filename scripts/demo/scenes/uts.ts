/** Hostnames: the same root, with and without the namespace `uts`. */
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { demo, must, type Context } from '../context.js';

export async function uts(context: Context): Promise<void> {
  const { stage, root, host } = context;
  const outside = hostname();
  stage.scene('Namespace uts: host names');
  stage.output(outside, 'outside');

  stage.code("haco().name('my-first').chroot(root).command('hostname').run()");
  const shared = await must(context, demo(context).name('my-first').chroot(root).command('hostname').run());
  stage.output(shared.stdout, 'inside');
  stage.claim(shared.stdout.trim() === outside, 'without uts, the container has the name of the host', shared.stderr);

  stage.code("haco().name('my-first').unshare('uts').chroot(root).command('hostname').run()");
  const own = await must(context, demo(context).name('my-first').unshare('uts').chroot(root).command('hostname').run());
  stage.output(own.stdout, 'inside');
  stage.claim(own.stdout.trim() === 'my-first', 'with uts, it has its own', own.stderr);

  stage.note('And when something inside changes it?');
  stage.code("haco().chroot(root).caps('haconiwa').command('hostname', 'foo').run()");
  const builder = demo(context).chroot(root).caps('haconiwa').command('hostname', 'foo');
  const refused = await must(context, builder.run());
  stage.output(refused.stderr, 'inside');
  stage.claim(
    refused.exitCode !== 0 && hostname() === outside,
    'without uts and without CAP_SYS_ADMIN, "hostname foo" is refused, and the host keeps its name',
    `the host is called ${hostname()}`,
  );
  // A demo that renames the machine would be a poor guest.
  if (hostname() !== outside && host.euid === 0) spawnSync('hostname', [outside]);

  stage.code("haco().unshare('uts').chroot(root).sh('hostname foo; hostname').run()");
  const local = await must(context, demo(context).unshare('uts').chroot(root).sh('hostname foo; hostname').run());
  stage.output(local.stdout, 'inside');
  stage.output(hostname(), 'outside');
  stage.claim(
    local.stdout.trim() === 'foo' && hostname() === outside,
    'with uts and with the capability, "hostname foo" works, and stays inside',
    local.stderr,
  );
}
