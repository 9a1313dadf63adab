/** The network of somebody else: a named namespace, one of a file, or that of a process. */
import { issue, optional, parseText, quote, readInteger, readObject, readOneOf, readText } from '@haco/plan';
import { modePath, type ModeRow } from './mode.js';

/** The container enters a net namespace that is there. Exactly one of `path` and `pid` is given. */
export interface JoinMode {
  readonly kind: 'join';
  /** A namespace file, such as `/run/netns/blue`. */
  readonly path?: string;
  /** A process that is in the namespace. */
  readonly pid?: number;
}

/** Where `ip netns add NAME` keeps the namespace NAME. */
export const namedNamespaces = '/run/netns';

export const join: ModeRow<JoinMode> = {
  read: readObject({ kind: readOneOf(['join']), path: optional(readText), pid: optional(readInteger) }),
  title: ({ path, pid }) => `network({ join: ${path === undefined ? String(pid) : quote(path)} })`,
  namespaces: ({ path, pid }) => ({
    unshare: [],
    enter: path === undefined ? [{ kind: 'net', pid: pid ?? 0 }] : [{ kind: 'net', path }],
  }),
  publishes: false,
  ownEtc: false,
  validate: ({ path, pid }, facts) => {
    if ((path === undefined) === (pid === undefined)) {
      return [issue(modePath, 'must have either a path or a pid')];
    }
    if (facts.unshared.includes('net')) {
      return [
        issue(modePath, 'the container joins a net namespace; leave out unshare("net"), which would make another'),
      ];
    }
    if (pid !== undefined) {
      const isPid = Number.isSafeInteger(pid) && pid > 0;
      return isPid ? [] : [issue(`${modePath}.pid`, `${String(pid)} is not a process id`)];
    }
    return parseText(path, 'the path').match(
      (text) =>
        text.startsWith('/') && !text.includes('/../') && !text.endsWith('/..')
          ? []
          : [issue(`${modePath}.path`, `${quote(text)} is not the absolute path of a namespace file, or has .. in it`)],
      (message) => [issue(`${modePath}.path`, message)],
    );
  },
  plan: () => [],
};
