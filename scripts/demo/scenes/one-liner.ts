/** The main job: the line on the card, exactly as it is written there. */
import { hostname } from 'node:os';
import { haco } from '@haco/core';
import { ending, must, type Context } from '../context.js';

export async function oneLiner(context: Context): Promise<void> {
  const { stage, root, signal, host } = context;
  stage.scene('The one-liner');
  stage.code("haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).run()");
  if (host.euid !== 0) {
    const refused = await haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).run();
    if (refused.isErr()) stage.output(refused.error.message);
    stage.skip(
      "Needs root: the parts that an ordinary user may have follow, in a user namespace (.unshare('user') is added to each).",
    );
    return;
  }
  const first = await must(context, haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).run());
  stage.note("No command was given, so the root's own shell ran, found no input, and ended:");
  stage.claim(first.reason === 'exited' && first.exitCode === 0, ending(first), first.stderr);

  stage.note('The same container, with something to do for its shell:');
  const text = 'hostname; echo "pid $$"; ls /';
  stage.code(`haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50)\n  .stdin({ text: '${text}' }).run()`);
  const builder = haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).signal(signal);
  const { stdout, stderr } = await must(context, builder.stdin({ text }).run());
  stage.output(stdout.trimEnd().split('\n').slice(0, 2).join('\n'), 'inside');
  stage.output(stdout.trimEnd().split('\n').slice(2).join('  '), 'inside');
  const [name, pid] = stdout.split('\n');
  stage.claim(name === 'x', `inside it is called x; this host is still called ${hostname()}`, stderr);
  stage.claim(pid === 'pid 1', 'its shell is process 1', stderr);
}
