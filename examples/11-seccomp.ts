/** System calls: refused by a profile, answered by a function of yours, and learned from a run. */
import { haco, orThrow } from '@haco/core';

const base = haco().noNewPrivileges();

// haco's own profile: no mounts, no new namespaces, no keyrings, … for root neither.
const refused = await orThrow(base.seccomp('default').command('unshare', '--user', 'true').run());
console.log(`unshare: ${refused.stderr.trim()}`);

// Any profile of the OCI format, also Docker's with its conditions: an object, or the path of a JSON file.
const deadly = base.seccomp({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_KILL_PROCESS' }],
});
const killed = await orThrow(deadly.rlimit('core', 0).command('mkdir', '/tmp/x').run());
console.log(`${killed.reason}: ${String(killed.signal)}`);

// A profile that would stop haco itself before the command runs is refused before anything starts.
const useless = base.seccomp({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }).command('true');
console.log((await useless.run()).isErr());

// Node answers: the call fails, returns a value, or goes on.
const asked = base.onSyscall('mkdir', ({ args, readText }) => {
  console.log(`may it make ${readText(args[0]).unwrapOr('?')}? no`);
  return { errno: 'EROFS' };
});
console.log((await orThrow(asked.command('mkdir', '/tmp/x').run())).stderr.trim());

// One run teaches what the command needs; the next one gets just that.
const { profile } = await orThrow(base.command('echo', 'learned').learn());
const strict = base.seccomp(profile);
console.log((await orThrow(strict.command('echo', 'learned').run())).stdout.trim());
console.log(`mkdir allowed: ${String(profile.syscalls?.[0]?.names.includes('mkdir'))}`);
