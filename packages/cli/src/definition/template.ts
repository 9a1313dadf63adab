/** What `haco new` writes. */

const text = (value: string): string => `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;

/** A definition with the parts that haconiwa's template has, and comments on what else it may say. */
export function template({ name, root }: { readonly name: string; readonly root: string }): string {
  return `// A container, as a program: "haco explain" shows what it will ask of the kernel, "haco run" runs it.
import { debootstrap, haco } from '@haco/core';

export default haco()
  .name(${text(name)})

  // Its own namespaces: comment one out, and the container shares that with the host.
  .unshare('mount', 'ipc', 'uts', 'pid')
  // .enter('net', { path: '/var/run/netns/foo' })

  // Its root directory, made by "haco create".
  .rootfs(debootstrap('bookworm', { target: ${text(root)}, variant: 'minbase' }))
  .command('/bin/bash')
  // .workdir('/srv')
  // .env({ LANG: 'C.UTF-8', HOME: '/root' })
  // .user('www-data')

  // Filesystems of its own, and files of the host.
  .tmpfs('/tmp')
  .networkEtc('/etc')
  .independent('procfs', 'sysfs', 'dev', 'shm')
  // .mount('/home/me/project', '/srv', { readonly: true })

  // What it may use.
  // .cpu(50) // percent of one CPU
  // .memory('256MiB')
  // .pids(64)
  // .rlimit('nofile', 1024, 4096)
  // .timeout('10min')

  // What it may do: exactly these capabilities; all others are gone, for root inside too.
  .caps('haconiwa');
// .caps('docker', 'net_admin')
// .noNewPrivileges()
// .seccomp('default')
`;
}
