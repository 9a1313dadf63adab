/** What `haco new` writes. */

const text = (value: string): string => `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;

/** A bridge of the host that the container is connected to; what is undefined is as haco has it. */
export interface TemplateNetwork {
  readonly name: string | undefined;
  readonly subnet: string | undefined;
}

/** What a definition is made from. */
export interface TemplateInput {
  readonly name: string;
  readonly root: string;
  readonly network: TemplateNetwork | undefined;
}

function bridgeCall({ name, subnet }: TemplateNetwork): string {
  const options = [
    ...(name === undefined ? [] : [`name: ${text(name)}`]),
    ...(subnet === undefined ? [] : [`subnets: [${text(subnet)}]`]),
  ];
  return options.length === 0 ? 'bridge()' : `bridge({ ${options.join(', ')} })`;
}

/** A definition with the parts that haconiwa's template has, and comments on what else it may say. */
export function template({ name, root, network }: TemplateInput): string {
  const imported = network === undefined ? 'debootstrap, haco' : 'bridge, debootstrap, haco';
  const kinds = network === undefined ? '' : ", 'net'";
  const connected =
    network === undefined
      ? ''
      : `
  // Its network: a bridge of the host with address translation; .publish() lets others reach its ports.
  .network(${bridgeCall(network)})
  // .publish(8080, 80)
`;
  return `// A container, as a program: "haco explain" shows what it will ask of the kernel, "haco run" runs it.
import { ${imported} } from '@haco/core';

export default haco()
  .name(${text(name)})

  // Its own namespaces: comment one out, and the container shares that with the host.
  .unshare('mount', 'ipc', 'uts', 'pid'${kinds})
  // .enter('net', { path: '/var/run/netns/foo' })
${connected}
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
