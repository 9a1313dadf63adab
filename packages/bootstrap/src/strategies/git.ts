/** A root filesystem that is kept in a git repository. */
import { type Issue, issue, quote } from '@haco/plan';
import { checkTarget, Fields } from '../fields.js';
import type { Strategy } from '../strategy.js';
import { late } from '../late.js';

const prepareGit = late(async () => (await import('../host/git.js')).prepareGit);

/** What {@link git} takes besides the address. */
export interface GitOptions {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  /** Branch, tag, or commit; what the repository has checked out when left out. */
  readonly ref?: string;
  /** How many commits of the history to fetch; all when left out. */
  readonly depth?: number;
  /** Also fetch submodules. */
  readonly submodules?: boolean;
}

/** Spec of {@link git}. */
export interface GitSpec extends GitOptions {
  readonly strategy: 'git';
  /** URL, `host:path` for ssh, or path of a repository on this host. */
  readonly url: string;
}

/**
 * A root filesystem that is kept in a git repository. It stays a working copy with its `.git`, whose remote is called `origin`. Git keeps
 * no owners and no modes but the executable bit. Nobody is asked for a password: credentials come from git's own configuration.
 *
 * @example
 * ```ts
 * import { git } from '@haco/bootstrap';
 * git('https://git.example/roots/web.git', { target: '/srv/roots/web', ref: 'v1.2', depth: 1 });
 * ```
 *
 * @see {@link https://git-scm.com/docs/git-fetch | git-fetch(1)}
 */
export function git(url: string, options: GitOptions): GitSpec {
  return { strategy: 'git', url, ...options };
}

export const gitStrategy: Strategy<GitSpec> = {
  name: 'git',
  parse: (json) => {
    const fields = new Fields(json, ['strategy', 'url', 'target', 'ref', 'depth', 'submodules']);
    return fields.finish({
      strategy: 'git',
      url: fields.required('url'),
      target: fields.required('target'),
      ...fields.optional('ref'),
      ...fields.number('depth'),
      ...fields.boolean('submodules'),
    });
  },
  validate: ({ url, target, ref, depth }) => [
    ...checkUrl(url),
    ...checkTarget(target),
    ...(ref === undefined || /^[A-Za-z0-9_][\w./@+-]*$/.test(ref)
      ? []
      : [issue('ref', `${quote(ref)} is no branch, tag or commit`)]),
    ...(depth === undefined || (Number.isSafeInteger(depth) && depth > 0)
      ? []
      : [issue('depth', `${String(depth)} is not a whole number above 0`)]),
  ],
  source: ({ target }) => ({ path: target }),
  prepare: prepareGit,
};

/** `ext::` and the like would run programs. */
function checkUrl(url: string): readonly Issue[] {
  if (url === '' || url.startsWith('-') || url.includes('\0') || url.includes('::')) {
    return [issue('url', `${quote(url)} is not the address of a repository`)];
  }
  return [];
}
