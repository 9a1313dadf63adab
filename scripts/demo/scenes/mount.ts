/** Mounts: a tmpfs of a running container that the host doesn't see. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { demo, must, type Context } from '../context.js';

export async function mount(context: Context): Promise<void> {
  const { stage, root } = context;
  stage.scene('Namespace mount: a tmpfs that only the container has');
  stage.code(
    "const container = haco().unshare('mount').chroot(root).tmpfs('/tmp')\n  .sh('echo secret > /tmp/inside; ls /tmp; read line').start()",
  );
  const script = 'echo secret > /tmp/inside; ls /tmp; read line';
  const builder = demo(context).unshare('mount').chroot(root).tmpfs('/tmp').sh(script);
  await using container = await must(context, builder.start());
  let seen = '';
  if (container.stdout !== null) {
    for await (const line of createInterface(container.stdout)) {
      seen = line;
      break;
    }
  }
  // It is alive now and waits for a line.
  const outside = readdirSync(join(root, 'tmp'));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  stage.output(`/tmp: ${seen}`, 'inside');
  stage.output(`${join(root, 'tmp')}: ${outside.length === 0 ? '(empty)' : outside.join(' ')}`, 'outside');
  stage.claim(seen === 'inside', `while it runs (pid ${String(container.pid)}), the file is there inside`);
  stage.claim(
    outside.length === 0 && !mounts.some((line) => line.includes(root)),
    "and neither the file nor the mount is there outside: /proc/self/mountinfo of the host doesn't know it",
  );
  container.stdin?.end('\n');
  await must(context, container.wait());
}
