/** A root whose changes are kept beside it: run something, look at what it did, then take it over or drop it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { overlayRoot } from '@haco/mounts';

const home = mkdtempSync(join(tmpdir(), 'haco-example-'));
const lower = join(home, 'root');
for (const directory of ['etc', 'usr', 'bin', 'lib', 'lib64']) mkdirSync(join(lower, directory), { recursive: true });
writeFileSync(join(lower, 'etc/motd'), 'welcome\n');
writeFileSync(join(lower, 'etc/old.conf'), '');

const root = overlayRoot({ lower, keep: join(home, 'changes') });
const installer = haco()
  .unshare('mount')
  .chroot(root)
  .use((builder) =>
    ['/usr', '/bin', '/lib', '/lib64'].reduce((all, path) => all.mount(path, path, { readonly: true }), builder),
  )
  .env({ PATH: '/usr/bin:/bin' });

await orThrow(installer.sh('rm /etc/old.conf; echo hello > /etc/motd; mkdir /opt; echo 1.0 > /opt/version').run());
for (const change of await orThrow(root.changes())) {
  const what = 'what' in change ? ` (${change.what.join(', ')})` : '';
  console.log(`${change.kind.padEnd(8)} ${change.type.padEnd(9)} ${change.path}${what}`);
}
console.log(`the root itself still says: ${readFileSync(join(lower, 'etc/motd'), 'utf8').trim()}`);

const applied = await orThrow(root.commit());
console.log(
  `after the commit of ${String(applied.length)} changes: ${readFileSync(join(lower, 'etc/motd'), 'utf8').trim()}`,
);

await orThrow(installer.sh('rm -r /opt').run());
await orThrow(root.discard());
console.log(`after the discard: ${readFileSync(join(lower, 'opt/version'), 'utf8').trim()} is there`);
rmSync(home, { recursive: true });
