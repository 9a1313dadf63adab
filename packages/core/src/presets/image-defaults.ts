/** What an image says about its process, as defaults of a builder. */
import type { ImageConfig } from '@haco/bootstrap';
import type { Builder } from '../builder.js';

/**
 * Begin with what the author of an image wants to run in it: variables, working directory, user, and the command, which is the entry point
 * with `cmd` or with arguments of yours. Verbs that come after it count instead.
 *
 * @param config - from `imageConfig()`
 * @param args - arguments of the entry point, in place of the image's `cmd`
 *
 * @example
 * ```ts
 * import { haco, image, imageConfig, imageDefaults, orThrow } from '@haco/core';
 * const debian = image('debian:12', { target: '/srv/roots/debian' });
 * const config = await orThrow(imageConfig(debian));
 * const outcome = await orThrow(haco().use(imageDefaults(config, 'uname')).unshare('mount').rootfs(debian).run());
 * ```
 */
export function imageDefaults(config: ImageConfig, ...args: readonly string[]): <B extends Builder>(builder: B) => B {
  const { env, entrypoint, cmd, user, workdir } = config;
  const [program, ...rest] = [...entrypoint, ...(args.length > 0 ? args : cmd)];
  const [uid = '', gid] = (user ?? '').split(':');
  return <B extends Builder>(builder: B): B => {
    let grown: Builder = builder.env(env);
    if (program !== undefined) grown = grown.command(program, ...rest);
    if (workdir !== undefined) grown = grown.workdir(workdir);
    if (uid !== '') grown = gid === undefined ? grown.user(asId(uid)) : grown.user(asId(uid), asId(gid));
    return grown as B;
  };
}

const asId = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);
