/** For tests: definitions that every format is written of. */
import { bridge, cluster, haco, type Builder, type Cluster } from '@haco/core';

/** What somebody writes who wants to break out of a format. */
export const hostile = {
  YES: 'yes',
  NUMBER: '1e3',
  NULL: 'null',
  LEAD: '  lead',
  QUOTES: `"it's"`,
  LINES: 'one\ntwo: [x]\n---\n',
  PERCENT: '100% %n %%',
  DOLLARS: '$HOME ${A} $(B) $$C',
  COLON: 'a: b # c',
  BACKSLASH: 'C:\\new\\',
  EMPTY: '',
} as const;

const isolated = haco().unshare('mount', 'pid', 'ipc', 'uts', 'cgroup');

/** A container with a bit of everything that all formats can say. */
export function web(): Builder {
  return isolated
    .name('web')
    .metadata({ 'team.example/owner': 'yes' })
    .network(bridge())
    .publish(8080, 80, { address: '127.0.0.1' })
    .dns({ servers: ['10.0.0.53'], search: ['example'], options: ['ndots:2'] })
    .hostname('web-1')
    .sysctl('net.ipv4.ip_unprivileged_port_start', 0)
    .chroot('/srv/roots/web', { readonly: true })
    .independent('procfs', 'dev', 'sysfs', 'cgroup')
    .mount('/srv/data', '/data', { readonly: true, propagation: 'slave' })
    .user(1000, 1001, [5])
    .caps('none')
    .noNewPrivileges()
    .seccomp('default')
    .memory('64MiB')
    .cpu(50)
    .env(hostile)
    .workdir('/data')
    .restart('always')
    .stopSignal('SIGTERM', { timeout: '30s' })
    .command('/bin/sh', '-c', 'echo "$HOME" %h', "it's");
}

/** Two containers, the second in the network of the first and after it; and a third by itself. */
export function shop(): Cluster {
  return cluster(
    {
      db: isolated.network('none').readiness({ command: ['/bin/ready', '--port=5432'] }).command('/bin/db'),
      api: {
        builder: haco().unshare('mount', 'pid').command('/bin/api'),
        dependsOn: ['db'],
        share: { net: 'db' },
      },
      job: isolated.network('host').timeout('90s').command('/bin/job'),
    }, // prettier-ignore
    { name: 'shop' },
  );
}
