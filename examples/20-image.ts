/**
 * A root from an OCI image, with what its author wants to run, provisioned once. Give the name of an image (`debian:12`, say) as the
 * argument; without one, an image is made here, out of the host's own shell.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportImage, haco, image, imageConfig, imageDefaults, orThrow, shell } from '@haco/core';

const scratch = mkdtempSync(join(tmpdir(), 'haco-example-'));
try {
  const name = process.argv[2] ?? (await makeImage(join(scratch, 'image.tar')));
  const root = image(name, { target: join(scratch, 'root') });

  // What the image says is where everything begins; verbs that come later count instead.
  const config = await orThrow(imageConfig(root));
  const base = haco()
    .use(imageDefaults(config))
    .unshare('pid', 'mount', 'uts')
    .rootfs(root)
    .provision('greeting', 'echo "provisioned once" > /greeting');

  const { provisioned } = await orThrow(base.create());
  console.log('provisioned:', provisioned.join(', '));
  console.log('again:', (await orThrow(base.create())).provisioned.length, 'steps');
  process.stdout.write((await orThrow(base.run())).stdout);
} finally {
  rmSync(scratch, { recursive: true });
}

/** An image of /bin/sh and what it is linked with. */
async function makeImage(path: string): Promise<string> {
  const libraries = execFileSync('ldd', ['/bin/sh'], { encoding: 'utf8' }).matchAll(/\/\S+(?= \()/g);
  const files = ['/bin/sh', ...[...libraries].map(([file]) => file)].map((file) => file.slice(1));
  const made = shell(`tar -C / -ch ${files.join(' ')} | tar -x`, { target: join(scratch, 'made') });
  await orThrow(haco().unshare('mount').rootfs(made).create());
  const cmd = ['/bin/sh', '-c', 'read -r text < /greeting; echo "$WHO: $text"'];
  await orThrow(exportImage(made.target, path, { cmd, env: { WHO: 'the image' } }));
  return path;
}
