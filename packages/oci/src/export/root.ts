/** `root`: the directory that becomes the container's root. */
import { sourceOf } from '@haco/bootstrap';
import type { Config } from '../import/schema.js';
import type { Export } from './export.js';

export function exportRoot(from: Export): Config['root'] {
  const { rootfs, provision, mounts } = from.sections;
  const made = sourceOf(rootfs);
  const source = made ?? mounts.rootfs;
  const at = made === undefined ? 'mounts.rootfs' : 'rootfs';
  const readonly = mounts.readonly === true ? { readonly: true } : {};
  if (mounts.entry === 'chroot' && from.facts.unshared.includes('mount')) {
    from.missing('mounts.entry', 'how a runtime enters the root is up to it; runc has the option --no-pivot');
  }
  provision.steps.forEach((_, index) => {
    from.missing(`provision.steps[${String(index)}]`, 'a runtime changes no root; create() does this step');
  });
  if (source === undefined) {
    from.missing(at, 'a container of a runtime has a root of its own, this one that of its caller, written as "/"');
    return { path: '/', ...readonly };
  }
  if ('overlay' in source) {
    const [topmost = '/'] = source.overlay.lower;
    // Read-only, since what was meant for the layer would otherwise be written into the directory itself.
    const written = `the root is written as ${JSON.stringify(topmost)}, read-only`;
    from.missing(
      made === undefined ? `${at}.overlay` : `${at}.strategy`,
      `a runtime lays nothing over a root; ${written}`,
    );
    return { path: topmost, readonly: true };
  }
  if (made !== undefined) {
    from.missing(at, `a runtime makes no root; create() makes ${JSON.stringify(source.path)}, which is written`);
  }
  if ('only' in source && source.only !== undefined) {
    // What isn't named stays out of sight only where nothing of it is written.
    const whole = `all of ${JSON.stringify(source.path)} is written; copy these directories, or bind them in a root of their own`;
    from.missing(`${at}.only`, `a runtime takes a root as a whole: ${whole}`);
  }
  return { path: source.path, ...readonly };
}
