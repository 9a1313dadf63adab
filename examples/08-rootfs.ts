/**
 * A root filesystem from an archive, made once and used by many. Give an archive (Alpine's minirootfs, say) as the argument;
 * without one, a tiny archive is packed from the host's own shell.
 *
 * `rootfs(debootstrap({ target: '/srv/roots/debian', suite: 'bookworm' }))` works the same way, from Debian's packages.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haco, orThrow, tarball } from '@haco/core';

const scratch = mkdtempSync(join(tmpdir(), 'haco-example-'));
try {
  const archive = process.argv[2] ?? packShell(join(scratch, 'shell.tar.gz'));
  const base = haco()
    .unshare('pid', 'mount', 'uts')
    .rootfs(tarball(archive, { target: join(scratch, 'root') }));

  // Builders are immutable: a base can be shared and specialised, also at the same time.
  const runs = ['red', 'green', 'blue'].map((name) =>
    orThrow(base.name(name).sh('read -r host < /etc/motd; echo $host').run()),
  );
  for (const outcome of await Promise.all(runs)) process.stdout.write(outcome.stdout);
} finally {
  rmSync(scratch, { recursive: true });
}

/** An archive of /bin/sh, what it is linked with, and a file. */
function packShell(archive: string): string {
  const libraries = execFileSync('ldd', ['/bin/sh'], { encoding: 'utf8' }).matchAll(/\/\S+(?= \()/g);
  const files = ['/bin/sh', ...[...libraries].map(([path]) => path)].map((path) => path.slice(1));
  execFileSync('sh', ['-c', 'mkdir -p "$1/etc" && echo "unpacked from an archive" > "$1/etc/motd"', 'sh', scratch]);
  execFileSync('tar', ['-chzf', archive, '-C', scratch, 'etc/motd', '-C', '/', ...files]);
  return archive;
}
