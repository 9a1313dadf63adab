/** System V IPC: a shared memory segment of the host, seen and not seen. */
import { spawnSync } from 'node:child_process';
import { demo, must, type Context } from '../context.js';

export async function ipc(context: Context): Promise<void> {
  const { stage, root } = context;
  stage.scene('Namespace ipc: System V shared memory');
  const made = spawnSync('ipcmk', ['-M', '4096'], { encoding: 'utf8' });
  const id = /(\d+)\s*$/.exec(made.stdout ?? '')?.[1];
  if (id === undefined) {
    stage.skip('ipcmk of this host makes no shared memory segment: nothing to compare with.');
    return;
  }
  const remove = (): void => void spawnSync('ipcrm', ['-m', id]);
  context.atEnd(remove);
  stage.output(`ipcmk -M 4096: segment ${id}`, 'outside');
  const has = (ipcs: string, segment: string): boolean =>
    ipcs.split('\n').some((line) => line.trim().split(/\s+/)[1] === segment);

  stage.code("haco().unshare('mount').chroot(root).command('ipcs', '-m').run()");
  const shared = await must(context, demo(context).unshare('mount').chroot(root).command('ipcs', '-m').run());
  stage.claim(has(shared.stdout, id), `without ipc, ipcs inside lists segment ${id} of the host`, shared.stderr);

  stage.code("haco().unshare('mount', 'ipc').chroot(root).sh('ipcs -m; ipcmk -M 1024; ipcs -m').run()");
  const builder = demo(context).unshare('mount', 'ipc').chroot(root).sh('ipcs -m; ipcmk -M 1024; ipcs -m');
  const own = await must(context, builder.run());
  const [before = '', after = ''] = own.stdout.split(/^Shared memory id:.*$/m);
  const segments = (text: string): number => text.split('\n').filter((line) => line.startsWith('0x')).length;
  stage.output(`before: ${String(segments(before))} segments, after ipcmk: ${String(segments(after))}`, 'inside');
  stage.claim(
    segments(before) === 0 && segments(after) === 1,
    'with ipc, there is nothing inside but what the container makes itself',
    own.stderr,
  );
  const host = spawnSync('ipcs', ['-m'], { encoding: 'utf8' }).stdout;
  const sizes = host.split('\n').map((line) => line.trim().split(/\s+/));
  stage.claim(
    has(host, id) && !sizes.some(([key, , , , bytes]) => key?.startsWith('0x') === true && bytes === '1024'),
    'and the host has its own segment, not that of the container',
    host,
  );
  remove();
}
