// Which tests stand near what was changed since the last commit: all unit tests of the packages, and the kernel tests beside the changed files.
// Tests stand beside their source, so these are what a change breaks first.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One start of a container from its beginning to its end: whatever was changed, this must work. */
const always = 'packages/core/src/lifecycle.kernel.ts';

/** Files that git knows to be changed or new; without any, those of the last commit. @param {string} root */
export function changedFiles(root) {
  const git = (/** @type {string[]} */ ...args) => {
    const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr.trim()}`);
    return stdout.split('\n').filter(Boolean);
  };
  const now = [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')];
  return now.length > 0 ? now : git('diff', '--name-only', 'HEAD~1', 'HEAD');
}

/**
 * For vitest, what the paths of the tests contain: by lane.
 *
 * @param {readonly string[]} changed relative to the root
 * @param {(folder: string) => readonly string[]} kernelTestsIn
 * @returns {{ unit: string[], kernel: string[] }}
 */
export function testsNear(changed, kernelTestsIn) {
  const packages = changed.flatMap((file) => /^packages\/[^/]+\//.exec(file)?.[0] ?? []);
  const kernel = changed.flatMap((file) => nearest(dirname(file), kernelTestsIn));
  return { unit: [...new Set(packages)], kernel: [...new Set([...kernel, always])] };
}

/**
 * Those of the folder itself, or of the first one above it that has some, up to `src`.
 *
 * @param {string} folder @param {(folder: string) => readonly string[]} kernelTestsIn @returns {readonly string[]}
 */
function nearest(folder, kernelTestsIn) {
  if (!/^(?:packages\/[^/]+\/src|tests)(?:\/|$)/.test(folder)) return [];
  const found = kernelTestsIn(folder);
  return found.length > 0 ? found : nearest(dirname(folder), kernelTestsIn);
}

/** The kernel tests in a folder of the workspace, not below it. @param {string} root */
export const kernelTestsIn = (root) => (/** @type {string} */ folder) => {
  try {
    return readdirSync(join(root, folder)).flatMap((name) =>
      name.endsWith('.kernel.ts') ? [`${folder}/${name}`] : [],
    );
  } catch {
    return [];
  }
};
