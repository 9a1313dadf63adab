/** What the one-liner asks of the kernel: the plan that was run, and that strace would show. */
import { haco } from '@haco/core';
import { Broken, demo, type Context } from '../context.js';

export function explain(context: Context): Promise<void> {
  const { stage, root, host } = context;
  stage.scene('explain(): every system call of the container that was just run, and why');
  const isRoot = host.euid === 0;
  stage.code(
    isRoot
      ? "haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).explain()"
      : "haco().name('x').unshare('user', 'pid', 'uts').chroot(root).explain()",
  );
  const plan = isRoot
    ? haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).explain()
    : demo(context).name('x').unshare('pid', 'uts').chroot(root).explain();
  if (plan.isErr()) throw new Broken(plan.error.message);
  stage.output(String(plan.value));
  stage.claim(plan.value.warnings.length === 0, 'nothing in it will fail on this host');
  return Promise.resolve();
}
