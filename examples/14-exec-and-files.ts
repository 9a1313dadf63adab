/** A container that goes on running: further programs in it, its files from outside, and attaching from elsewhere by its pid. */
import { attachTo, haco, orThrow } from '@haco/core';

const builder = haco()
  .name('desk')
  .unshare('pid', 'mount', 'uts')
  .chroot('/', { readonly: true })
  .independent('procfs', 'dev')
  .tmpfs('/tmp')
  .env({ PATH: '/usr/bin:/bin', WHO: 'the container' })
  .caps('docker')
  .noNewPrivileges()
  .command('sleep', '60');
await using container = await orThrow(builder.start());

// In its namespaces, root and groups, confined as it is. What is given differs.
const { stdout } = await orThrow(container.exec('sh', '-c', 'hostname; echo "$WHO, process $$"'));
process.stdout.write(stdout);
const asNobody = await orThrow(container.exec({ command: ['id', '-u'], user: 65_534, caps: 'none', timeout: '5s' }));
console.log(`as user ${asNobody.stdout.trim()}`);

// Its files, as they are seen inside: this /tmp is a tmpfs that only the container has.
await orThrow(container.files.write('/tmp/note', 'left by the host\n'));
process.stdout.write((await orThrow(container.exec('cat', '/tmp/note'))).stdout);
await orThrow(container.exec('ln', '-s', '/etc/nonesuch', '/tmp/link'));
const entries = await orThrow(container.files.list('/tmp'));
console.log(entries.map(({ name, type }) => `${name} (${type})`).join(', '));

// A program with streams; { tty: true } gives it a terminal.
await using sort = await orThrow(container.spawn('sort'));
sort.stdin?.end('b\na\n');
for await (const chunk of sort.stdout ?? []) process.stdout.write(String(chunk));

// Any process may attach, with the pid alone; what confines the container is read from the kernel.
await using other = await orThrow(attachTo({ pid: container.pid }));
process.stdout.write((await orThrow(other.exec('/bin/grep', 'NoNewPrivs', '/proc/self/status'))).stdout);

// The plan of an exec: joined by one call on a descriptor, out of reach before that.
const { steps } = orThrow(container.explain('true'));
console.log(
  steps
    .slice(0, 2)
    .map(({ label }) => label.replace(/\d+/, '…'))
    .join('\n'),
);
