/** A root filesystem made from packages by debootstrap or mmdebstrap. */
import { type Issue, issue, quote } from '@haco/plan';
import { checkPath, checkTarget, Fields } from '../fields.js';
import type { Strategy } from '../strategy.js';
import { late } from '../late.js';

const prepareDebootstrap = late(async () => (await import('../host/debootstrap.js')).prepareDebootstrap);

const tools = ['debootstrap', 'mmdebstrap'] as const;
const variants = ['minbase', 'buildd'] as const;

/** What {@link debootstrap} takes besides the release. */
export interface DebootstrapOptions {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  /**
   * The program that does it. When left out: `debootstrap` for root; `mmdebstrap` for an ordinary user, who needs a range of
   * subordinate ids for it. mmdebstrap takes about half the time.
   */
  readonly tool?: (typeof tools)[number];
  /** `minbase`: only essential packages and apt; `buildd`: with compilers. When left out: a small usual system. */
  readonly variant?: (typeof variants)[number];
  /** URL of the mirror. When left out: where this host's apt gets the release, else the tool's own default. */
  readonly mirror?: string;
  /** Parts of the archive; `['main']` when left out. */
  readonly components?: readonly string[];
  /** Names of further packages. */
  readonly include?: readonly string[];
  /** Debian's name of the architecture, e.g. `arm64`; the host's own when left out. */
  readonly arch?: string;
  /** Path of the keyring that must have signed the release; the tool's own default when left out. */
  readonly keyring?: string;
}

/** Spec of {@link debootstrap}. */
export interface DebootstrapSpec extends DebootstrapOptions {
  readonly strategy: 'debootstrap';
  /** Code name of the release, e.g. `bookworm`. */
  readonly release: string;
}

/**
 * A root filesystem of Debian or one of its derivatives, made from packages. Takes a minute or so, once.
 *
 * @param release - Code name, e.g. `bookworm`.
 *
 * @example
 * ```ts
 * import { debootstrap } from '@haco/bootstrap';
 * debootstrap('bookworm', { target: '/srv/roots/bookworm', variant: 'minbase', include: ['curl'] });
 * ```
 *
 * @see {@link https://manpages.debian.org/debootstrap | debootstrap(8)}, {@link https://manpages.debian.org/mmdebstrap | mmdebstrap(1)}
 */
export function debootstrap(release: string, options: DebootstrapOptions): DebootstrapSpec {
  return { strategy: 'debootstrap', release, ...options };
}

export const debootstrapStrategy: Strategy<DebootstrapSpec> = {
  name: 'debootstrap',
  parse: (json) => {
    const fields = new Fields(json, [
      'strategy', 'release', 'target', 'tool', 'variant', 'mirror', 'components', 'include', 'arch', 'keyring',
    ]); // prettier-ignore
    return fields.finish({
      strategy: 'debootstrap',
      release: fields.required('release'),
      target: fields.required('target'),
      ...fields.oneOf('tool', tools),
      ...fields.oneOf('variant', variants),
      ...fields.optional('mirror'),
      ...fields.list('components'),
      ...fields.list('include'),
      ...fields.optional('arch'),
      ...fields.optional('keyring'),
    });
  },
  validate: (spec) => [
    ...checkWord('release', spec.release, 'name of a release, e.g. "bookworm"'),
    ...checkTarget(spec.target),
    ...(spec.mirror === undefined ? [] : checkMirror(spec.mirror)),
    ...checkWords('components', spec.components, 'part of an archive, e.g. "main"'),
    ...checkWords('include', spec.include, 'name of a package, e.g. "curl"'),
    ...(spec.arch === undefined ? [] : checkWord('arch', spec.arch, 'name of an architecture, e.g. "arm64"')),
    ...(spec.keyring === undefined ? [] : checkPath('keyring', spec.keyring)),
  ],
  source: ({ target }) => ({ path: target }),
  prepare: prepareDebootstrap,
  check: ({ tool }, host) =>
    tool === 'debootstrap' && host.euid !== 0
      ? [
          {
            step: 'rootfs.prepare',
            kind: 'permission',
            message: 'debootstrap needs root; run as root, or ask for the tool mmdebstrap',
          },
        ]
      : [],
};

// These words become arguments of a program: none may look like an option, or hide a second word.
function checkWord(path: string, value: string, what: string): readonly Issue[] {
  return /^[A-Za-z0-9][A-Za-z0-9.+_:~-]*$/.test(value) ? [] : [issue(path, `${quote(value)} is not the ${what}`)];
}

function checkWords(path: string, values: readonly string[] = [], what: string): readonly Issue[] {
  return values.flatMap((value, index) => checkWord(`${path}[${String(index)}]`, value, what));
}

function checkMirror(mirror: string): readonly Issue[] {
  if (/^(https?|file):\/\/[\x21-\x7e]+$/.test(mirror)) return [];
  return [issue('mirror', `${quote(mirror)} is not a URL that begins with "https://", "http://" or "file://"`)];
}
