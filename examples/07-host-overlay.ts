/** A sandbox without an image: the host's own files below a layer that takes all writes and vanishes. */
import { existsSync, readFileSync } from 'node:fs';
import { haco, hostOverlay, orThrow } from '@haco/core';

const sandbox = haco()
  .name('sandbox')
  .unshare('mount', 'pid', 'uts', 'ipc', 'net')
  .rootfs(hostOverlay())
  .independent('procfs', 'dev')
  .tmpfs('/tmp')
  .caps('none')
  .noNewPrivileges()
  .timeout('10s');

const before = readFileSync('/etc/passwd', 'utf8');
const outcome = await orThrow(
  sandbox
    .env({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin' })
    .sh('echo "evil:x:0:0::/:/bin/sh" >> /etc/passwd; tail -n 1 /etc/passwd; touch /haco-was-here; ls /haco-was-here')
    .run(),
);
process.stdout.write(outcome.stdout);
process.stderr.write(outcome.stderr);
console.log(`the host's passwd is as it was: ${String(readFileSync('/etc/passwd', 'utf8') === before)}`);
console.log(`the host has no such file: ${String(!existsSync('/haco-was-here'))}`);
