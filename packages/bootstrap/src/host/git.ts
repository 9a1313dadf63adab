/** Has a root fetched from a git repository. */
import { resolve } from 'node:path';
import type { HacoError } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import type { GitSpec } from '../strategies/git.js';
import type { PrepareContext } from '../strategy.js';
import { makeOnce } from './stage.js';
import { runTool } from './tool.js';

export function prepareGit(spec: GitSpec, context: PrepareContext): ResultAsync<void, HacoError> {
  const { target, ref = 'HEAD', depth, submodules } = spec;
  const url = /^\.{1,2}\//.test(spec.url) ? resolve(spec.url) : spec.url;
  const shallow = depth === undefined ? [] : [`--depth=${String(depth)}`];
  return makeOnce(target, context, async ({ root }) => {
    const run = (...args: readonly string[]) =>
      runTool({
        command: ['git', ...args],
        package: 'git',
        target,
        signal: context.signal,
        onLine: context.onProgress,
        gently: true,
        // A question for a password would wait forever; other transports run programs that the address names.
        env: {
          GIT_TERMINAL_PROMPT: '0',
          GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
          GIT_DIR: `${root}/.git`,
          GIT_WORK_TREE: root,
        },
      });
    // Without the host's template of a repository, which may hold hooks. Fetching by name takes branches, tags and commits alike.
    await run('init', '--quiet', '--template=', '--', root);
    await run('remote', 'add', '--', 'origin', url);
    await run('fetch', '--progress', ...shallow, '--', 'origin', ref);
    await run('checkout', '--quiet', '--detach', 'FETCH_HEAD');
    if (submodules === true) await run('-C', root, 'submodule', 'update', '--init', '--recursive', ...shallow);
  });
}
