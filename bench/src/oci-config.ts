/** The full isolation in the words of the OCI runtime specification, for crun and runc. */

export function ociConfig(root: string): object {
  const mount = (destination: string, type: string, options: readonly string[]) => ({
    destination,
    type,
    source: type,
    options,
  });
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/bin/true'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: false },
    hostname: 'bench',
    mounts: [
      mount('/proc', 'proc', ['nosuid', 'nodev', 'noexec']),
      mount('/dev', 'tmpfs', ['nosuid', 'noexec', 'mode=755', 'size=65536']),
      mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
      mount('/dev/shm', 'tmpfs', ['nosuid', 'nodev', 'noexec', 'mode=1777', 'size=65536k']),
      mount('/dev/mqueue', 'mqueue', ['nosuid', 'nodev', 'noexec']),
      mount('/tmp', 'tmpfs', ['nosuid', 'nodev']),
    ],
    linux: {
      namespaces: ['pid', 'uts', 'ipc', 'mount', 'cgroup'].map((type) => ({ type })),
    },
  };
}
