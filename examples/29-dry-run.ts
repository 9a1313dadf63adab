/** A dry run of an install script that nobody has read: let it think that it has happened, see what it did, and throw it away. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { container, orThrow } from '@haco/core';
import { overlayRoot } from '@haco/mounts';

// A root that stands for the machine; the script would be `curl … | sh`.
const home = mkdtempSync(join(tmpdir(), 'haco-example-'));
const machine = join(home, 'machine');
for (const directory of ['bin', 'etc', 'lib', 'lib64', 'usr', 'tmp', 'proc', 'dev', 'root', 'sys']) {
  mkdirSync(join(machine, directory), { recursive: true });
}
writeFileSync(join(machine, 'etc/profile'), 'PATH=/usr/bin\n');
const install = `
  mkdir -p /opt/tool && echo '#!/bin/sh' > /opt/tool/run && chmod +x /opt/tool/run
  echo 'PATH=/opt/tool:$PATH' >> /etc/profile
  mkdir -p /root/.ssh && echo 'ssh-ed25519 AAAA… friend' > /root/.ssh/authorized_keys
  (exec 3<>/dev/tcp/127.0.0.1/80) 2>/dev/null || echo "no network"
  echo installed
`;

const root = overlayRoot({ lower: machine, keep: join(home, 'changes') });
const trial = container()
  .chroot(root)
  .use((builder) =>
    ['/usr', '/bin', '/lib', '/lib64'].reduce((all, path) => all.mount(path, path, { readonly: true }), builder),
  )
  .sh(install);
const outcome = await orThrow(trial.run());
console.log(outcome.stdout.trim());

console.log('it would have changed:');
for (const { kind, type, path } of await orThrow(root.changes())) console.log(`  ${kind} ${type} ${path}`);
await orThrow(root.discard());
console.log(`and the machine has no /opt: ${String(!readdirSync(machine).includes('opt'))}`);
rmSync(home, { recursive: true });
