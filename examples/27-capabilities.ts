/** What root may do is a list: take words off it, and root can't do these things any more. */
import { haco, orThrow } from '@haco/core';

const root = haco().unshare('mount', 'uts', 'pid').independent('procfs').tmpfs('/tmp');
const attempts = {
  'set the host name': 'hostname elsewhere',
  'mount a tmpfs': 'mount -t tmpfs none /mnt',
  'make a device': 'mknod /tmp/null c 1 3',
  'give a file away': 'touch /tmp/mine && chown 65534 /tmp/mine',
  'read what is nobody else’s': 'touch /tmp/secret && chmod 0 /tmp/secret && cat /tmp/secret',
};
const lists = {
  'all of them': root,
  'those of Docker': root.caps('docker'),
  'one more dropped': root.caps({ keep: 'docker', drop: ['chown'] }),
  'none at all': root.caps('none'),
};

for (const [label, builder] of Object.entries(lists)) {
  const { stdout } = await orThrow(builder.sh('grep CapEff /proc/self/status').run());
  console.log(`${label} (${stdout.trim().split('\t').at(-1) ?? ''})`);
  for (const [what, script] of Object.entries(attempts)) {
    const { exitCode } = await orThrow(builder.sh(script).run());
    console.log(`  ${exitCode === 0 ? 'can' : 'can not'} ${what}`);
  }
}
