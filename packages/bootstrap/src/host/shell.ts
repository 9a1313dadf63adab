/** Has a root made by a script of the caller. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HacoError } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import type { ShellSpec } from '../strategies/shell.js';
import type { PrepareContext } from '../strategy.js';
import { isolated } from './debootstrap.js';
import { makeOnce } from './stage.js';
import { runTool } from './tool.js';

export function prepareShell(
  { script, target, env }: ShellSpec,
  context: PrepareContext,
): ResultAsync<void, HacoError> {
  return makeOnce(target, context, async ({ root, scratch }) => {
    // A file: an argument has its limit, and what reads standard input must not eat the script.
    const file = join(scratch, 'script');
    await writeFile(file, script);
    const tool = {
      command: ['sh', '-xe', file] as const,
      package: 'dash',
      target,
      signal: context.signal,
      onLine: context.onProgress,
      env: { ...env, ROOT: root },
      cwd: root,
      gently: true,
    };
    await runTool(await isolated(tool));
  });
}
