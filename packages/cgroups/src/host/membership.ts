/** The directories of the groups that a process is in. */
import { textOf } from './files.js';
import { joinPath, type Base, type GroupDir } from './group-dir.js';

/** One directory for each of `bases`; none for hierarchies whose mount doesn't show the process's group. */
export function membership(pid: number, bases: readonly Base[]): readonly GroupDir[] {
  const lines = (textOf(`/proc/${String(pid)}/cgroup`) ?? '').split('\n').map((line) => line.split(':'));
  return bases.flatMap(({ version, mountPoint, controllers }) => {
    const line = lines.find(([, names = '']) =>
      version === 2 ? names === '' : controllers.some((name) => names.split(',').includes(name)),
    );
    // A path may contain colons; /.. leads out of the cgroup namespace.
    const group = line?.slice(2).join(':');
    if (group === undefined || group === '' || group.startsWith('/..')) return [];
    return [{ version, controllers, path: joinPath(mountPoint, group) }];
  });
}
