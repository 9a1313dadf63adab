/** A working directory that isn't there is made, as other runtimes do: images name some that only their containers have. */
import { flags, openat2, openFlags, slot, syscall, type Operation, type Step, type SyscallOperation } from '@haco/plan';

// The same numbers on every architecture.
const found = flags(openFlags('x64'), 'O_PATH', 'O_CLOEXEC');
const mode = flags({ '0755': 0o755 }, '0755');

/** A path below the root, never outside of it. The root is opened before the container is in it. */
function open(path: string, save: string): SyscallOperation {
  return openat2(slot('root'), path, { open: found, resolve: ['RESOLVE_IN_ROOT', 'RESOLVE_NO_MAGICLINKS'] }, { save });
}

/** What stands in the way is told when the container changes to it. */
const unfound = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'];
const unmade = ['EEXIST', 'EROFS', 'EACCES', 'EPERM'];

function planWorkdir(path: string): Step {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const make = names.flatMap((name, index): readonly Operation[] => {
    const left = 2 * (names.length - index) - 1;
    const inside = syscall('mkdirat', [slot('oci.parent'), name, mode], { tolerate: unmade });
    return [
      { ...open(`/${names.slice(0, index).join('/')}`, 'oci.parent'), tolerate: unfound, skipOnTolerated: left },
      inside,
    ];
  });
  return {
    id: 'oci.workdir',
    phase: 'mounts',
    label: `make the working directory ${path} where it is missing`,
    why: 'while the root can still be changed; resolved in it and without magic links, so that nothing is made outside',
    source: 'openat2(2)',
    from: 'process.workdir',
    operations: [{ ...open(path, 'oci.workdir'), tolerate: unfound, skipOnSuccess: make.length }, ...make],
  };
}

/** The steps, with one more right before the root is entered or becomes read-only. */
export function withWorkdir(steps: readonly Step[], path: string | undefined): readonly Step[] {
  // The root is there, and a directory above could be any.
  if (path === undefined || path === '/' || path.split('/').includes('..')) return steps;
  const at = steps.findIndex(({ id }) => id === 'mounts.readonly' || id === 'mounts.enter');
  const hasRoot = steps.slice(0, Math.max(at, 0)).some(({ id }) => id === 'mounts.root');
  return hasRoot ? [...steps.slice(0, at), planWorkdir(path), ...steps.slice(at)] : steps;
}
