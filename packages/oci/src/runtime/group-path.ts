/** `linux.cgroupsPath` in all its forms, as the path of a group from the root of each hierarchy. */
import { InvalidSpecError, isHostRoot, issue, quote, type HacoError, type HostFacts } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';

/** `-.slice` is the root, `a-b.slice` lies in `a.slice`; see systemd.slice(5). */
function slicePath(slice: string): string {
  const name = slice.replace(/\.slice$/, '');
  if (name === '-' || name === '') return '';
  return name
    .split('-')
    .map((_, index, parts) => `/${parts.slice(0, index + 1).join('-')}.slice`)
    .join('');
}

/**
 * Where groups go whose place nobody has named: for root at the top; for others, whom nothing belongs there, below their own group, where
 * something has been given to them.
 */
export function defaultParent(host: Pick<HostFacts, 'euid' | 'userNamespaces' | 'cgroups'>): string {
  if (isHostRoot(host)) return '';
  const { v1, v2 } = host.cgroups;
  const given = [...(v2 === undefined ? [] : [v2]), ...Object.values(v1)].find(({ writable }) => writable);
  return given === undefined ? '' : given.ownGroup.replace(/\/$/, '');
}

/** What is known besides the text. */
interface Naming {
  readonly id: string;
  /** `--systemd-cgroup`. */
  readonly systemd: boolean;
  /** {@link defaultParent}. */
  readonly parent: string;
}

/**
 * The path. Without one, by the id; a relative one lies below the root, as with runc on v1.
 *
 * The form of systemd, `slice:prefix:name`, becomes the path that a scope of this name has: the groups are made there by the files, which
 * needs no systemd, and which it leaves alone as long as it knows of no such unit.
 */
export function groupPathOf(given: string, { id, systemd, parent }: Naming): Result<string, HacoError> {
  const colons = given.split(':');
  if (systemd || colons.length === 3) {
    const [slice = '', prefix = '', name = ''] = given === '' ? ['', 'haco', id] : colons;
    if (colons.length !== 3 && given !== '') {
      return err(
        new InvalidSpecError({
          issues: [
            issue('linux.cgroupsPath', `${quote(given)} must have the form slice:prefix:name with --systemd-cgroup`),
          ],
        }),
      );
    }
    const unit = name.endsWith('.slice') ? name : `${prefix === '' ? '' : `${prefix}-`}${name}.scope`;
    return ok(`${slicePath(slice === '' ? 'system.slice' : slice)}/${unit}`);
  }
  if (given === '') return ok(`${parent}/${id}`);
  const names = given.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) {
    return err(new InvalidSpecError({ issues: [issue('linux.cgroupsPath', `${quote(given)} contains ".."`)] }));
  }
  return ok(names.length === 0 ? `/${id}` : `/${names.join('/')}`);
}
