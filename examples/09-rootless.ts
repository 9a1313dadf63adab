/** Without root: a user namespace owns the others, and root inside is an ordinary user outside. */
import { haco, orThrow } from '@haco/core';

const builder = haco()
  .name('rootless')
  .unshare('user', 'mount', 'pid', 'uts', 'ipc', 'net')
  .chroot('/', { readonly: true })
  .independent('procfs')
  .sh('id -u; hostname; echo $$; read -r inside outside count < /proc/self/uid_map; echo $outside');

// check() tells apart why a host may refuse: its policy, a missing range of ids, an outer sandbox.
const report = await orThrow(builder.check());
if (report.ok) {
  const { stdout, stderr } = await orThrow(builder.run());
  process.stderr.write(stderr);
  const [uid, name, pid, outside] = stdout.split('\n');
  console.log(`inside: uid ${String(uid)}, host ${String(name)}, pid ${String(pid)}`);
  console.log(`outside it is the one who started it: ${String(outside === String(process.geteuid?.()))}`);
} else {
  for (const problem of report.problems) console.log(problem.message);
}
