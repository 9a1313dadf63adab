/** For tests: a `config.json` that haco represents without a difference, and changes of it. */

/** What every test begins with. */
export function plainConfig(): Record<string, unknown> & { process: object; linux: object } {
  return {
    ociVersion: '1.0.2',
    process: { args: ['/bin/sh', '-c', 'true'], env: ['PATH=/bin'], cwd: '/', user: { uid: 0, gid: 0 } },
    root: { path: '/srv/root' },
    hostname: 'inside',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'noexec', 'mode=755', 'size=65536'],
      },
    ],
    linux: { namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
}

/** The same with other fields of `process`. */
export function withProcess(fields: object): object {
  const config = plainConfig();
  return { ...config, process: { ...config.process, ...fields } };
}

/** The same with other fields of `linux`. */
export function withLinux(fields: object): object {
  const config = plainConfig();
  return { ...config, linux: { ...config.linux, ...fields } };
}

/** The same with one mount more, the third. */
export function withMount(mount: object): object {
  const config = plainConfig();
  return { ...config, mounts: [...(config['mounts'] as object[]), mount] };
}
