/** Has a root made by lxc-create. */
import { chmod } from 'node:fs/promises';
import { type HacoError, PermissionError } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import { lxcName, type LxcSpec } from '../strategies/lxc.js';
import type { PrepareContext } from '../strategy.js';
import { isolated } from './debootstrap.js';
import { makeOnce } from './stage.js';
import { runTool } from './tool.js';

export function prepareLxc(spec: LxcSpec, context: PrepareContext): ResultAsync<void, HacoError> {
  return makeOnce(spec.target, context, async ({ root, scratch, outer }) => {
    if (process.geteuid?.() !== 0) {
      const remedy = 'run as root, or take an image instead';
      throw new PermissionError({ what: 'run lxc-create', missing: 'its templates need root', remedy });
    }
    // Templates run package managers, which give up their rights.
    await chmod(outer, 0o755);
    const tool = {
      // Its own notes go to the scratch directory, not to /var/lib/lxc.
      command: [
        'lxc-create', '--lxcpath', scratch, '--name', lxcName(spec), '--template', spec.template, '--bdev', 'dir',
        '--dir', root, ...(spec.args === undefined || spec.args.length === 0 ? [] : ['--', ...spec.args]),
      ] as [string, ...string[]], // prettier-ignore
      package: 'lxc',
      target: spec.target,
      signal: context.signal,
      onLine: context.onProgress,
    };
    await runTool(await isolated(tool));
  });
}
