/** A shell to develop in, without root: the project is there and can be written to, the rest of the home directory isn't there. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';

const home = mkdtempSync(join(tmpdir(), 'haco-example-'));
const project = join(home, 'project');
mkdirSync(project);
writeFileSync(join(home, 'secret'), 'a key\n');
writeFileSync(join(project, 'hello.txt'), 'hello\n');

// The user's own id is mapped to root inside: what the shell writes belongs to the user outside.
const shell = haco()
  .name('dev')
  .unshare('user', 'mount', 'pid', 'uts', 'ipc')
  .chroot('/', { readonly: true })
  .independent('procfs')
  .tmpfs('/tmp')
  .mount(project, '/mnt')
  .workdir('/mnt')
  .env({ PATH: '/usr/bin:/bin', HOME: '/mnt', PS1: 'dev $ ' });

// A person would get .tty() and the streams of this terminal (see 05-terminal.ts); here the input is a script.
const input = ['ls', 'hostname', 'echo "built by $(id -u)" > built.txt', `cat ${home}/secret 2>&1 | tail -c 28`];
const outcome = await orThrow(
  shell
    .stdin({ text: `${input.join('\n')}\n` })
    .command('/bin/sh')
    .run(),
);
console.log(outcome.stdout.trim());
console.log(
  `on the host: ${readFileSync(join(project, 'built.txt'), 'utf8').trim()}; ${String(existsSync(join(home, 'secret')))}`,
);
rmSync(home, { recursive: true });
