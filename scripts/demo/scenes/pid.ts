/** Processes: `ps` with and without the namespace `pid`. */
import { demo, must, type Context } from '../context.js';

/** Lines of `ps` below its heading. */
const rows = (stdout: string): readonly string[] => stdout.trimEnd().split('\n').slice(1);
const pidOf = (row: string): number => Number(row.trim().split(/\s+/)[0]);

export async function pid(context: Context): Promise<void> {
  const { stage, root, host } = context;
  stage.scene('Namespace pid: what ps sees');

  if (host.euid === 0) {
    stage.code("haco().unshare('mount').chroot(root).independent('procfs').command('ps', '-e').run()");
    const builder = demo(context).unshare('mount').chroot(root).independent('procfs').command('ps', '-e');
    const { stdout, stderr } = await must(context, builder.run());
    const all = rows(stdout);
    stage.output([...all.slice(0, 3), `… ${String(all.length)} processes`].join('\n'), 'inside');
    stage.claim(
      all.some((row) => pidOf(row) === process.pid),
      `without pid, the container sees the host's processes, this Node (${String(process.pid)}) among them`,
      stderr,
    );
  } else {
    stage.skip("Without pid, only root may mount the host's procfs: left out.");
  }

  stage.code("haco().unshare('mount', 'pid').chroot(root).independent('procfs').sh('ps -e; exit').run()");
  const builder = demo(context).unshare('mount', 'pid').chroot(root).independent('procfs').sh('ps -e; exit');
  const { stdout, stderr } = await must(context, builder.run());
  stage.output(stdout, 'inside');
  const pids = rows(stdout).map(pidOf);
  stage.claim(
    pids.length === 2 && pids[0] === 1 && pids[1] === 2,
    'with pid, there are two: the shell is 1, ps is 2, and no process of the host can even be named',
    stderr,
  );
}
