/** The part `rootfs`: which strategy, checked and told to the other parts. */
import {
  type HacoError,
  InvalidSpecError,
  type Issue,
  issue,
  type Part,
  quote,
  Rejected,
  rejected,
  type SharedFacts,
} from '@haco/plan';
import { err, errAsync, ok, okAsync, type Result, type ResultAsync } from 'neverthrow';
import { isObject } from './fields.js';
import type { RootfsMethods, RootfsStrategy } from './methods.js';
import { customSpec } from './strategies/custom.js';
import { type RootfsSpec, strategies, strategyOf } from './strategies/index.js';
import type { PrepareContext, RootSource } from './strategy.js';

/** Section `rootfs` of the spec: a strategy's spec, or `{}` when none was asked for. */
export type RootfsSection = RootfsSpec | { readonly strategy?: undefined };

/** Where the root of the container is, once prepared; undefined when no strategy was asked for. Pure. */
export function sourceOf(section: RootfsSection): RootSource | undefined {
  return section.strategy === undefined ? undefined : strategyOf(section).source(section);
}

/**
 * Make the root filesystem that a section asks for, unless it is there: a target that exists and isn't empty is used as it
 * is. On any error nothing half-made is left.
 *
 * Errors: `invalid-spec`; `tool` (a program is missing or failed); `io` (disk full, a broken or hostile archive, …);
 * `not-found` (the archive); `conflict` (the target is in the way); `permission`; `hook` (the caller's own function);
 * `state` (cancelled).
 *
 * @example
 * ```ts
 * import { prepareRootfs, tarball } from '@haco/bootstrap';
 * const result = await prepareRootfs(tarball('root.tar.xz', { target: '/srv/roots/web' }), { onProgress: console.log });
 * result.match(() => undefined, (error) => console.error(error.message));
 * ```
 */
export function prepareRootfs(section: RootfsSection, context: PrepareContext = {}): ResultAsync<void, HacoError> {
  if (section.strategy === undefined) return okAsync(undefined);
  const mistyped = typeIssues(section);
  const issues = mistyped.length > 0 ? mistyped : ownIssues(section);
  if (issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
  return strategyOf(section).prepare?.(section, context) ?? okAsync(undefined);
}

/** Whether it has the fields that its type says: programs in JavaScript and definitions are checked by no compiler. */
function typeIssues(given: RootfsSpec): readonly Issue[] {
  if (!isName(given.strategy)) return [issue('rootfs.strategy', unknownStrategy(given.strategy))];
  // A function is no JSON; who calls it finds out what it does.
  const json = Object.entries(given).filter(([name]) => name !== 'bootstrap' || given.strategy !== 'custom');
  // Without a prototype, in which somebody may have put names.
  const own = Object.setPrototypeOf(Object.fromEntries(json), null) as Readonly<Record<string, unknown>>;
  return strategies[given.strategy].parse(own).match(
    () => [],
    (issues) => issues.map(({ path, message }) => issue(`rootfs.${path}`, message)),
  );
}

/** What is wrong with a strategy by itself. */
function ownIssues(section: RootfsSpec): readonly Issue[] {
  return strategyOf(section)
    .validate(section)
    .map(({ path, message }) => issue(`rootfs.${path}`, message));
}

/** The part `rootfs`. It has no steps of its own: the mounts are planned by `@haco/mounts`, from {@link sourceOf}. */
export const rootfsPart = {
  key: 'rootfs',
  scope: 'container',
  empty: {} as RootfsSection,
  verbs: {
    rootfs: (_section: RootfsSection, strategy: RootfsStrategy) => {
      const given: unknown = strategy;
      if (!isObject(given)) return rejected('rootfs', 'must be a strategy, e.g. hostOverlay() or tarball(…)');
      if (!('strategy' in strategy)) {
        if (typeof strategy.bootstrap === 'function' && typeof strategy.target === 'string')
          return customSpec(strategy);
        return rejected('rootfs', 'an own strategy must have a target and a function bootstrap(context)');
      }
      const issues = typeIssues(strategy);
      return issues.length === 0 ? strategy : new Rejected(issues);
    },
  },
  parse: (json: unknown): Result<RootfsSection, readonly Issue[]> => {
    if (json === undefined || json === null) return ok({});
    if (!isObject(json)) return err([issue('', 'must be an object')]);
    const name = json['strategy'];
    if (name === undefined && Object.keys(json).length === 0) return ok({});
    if (!isName(name)) return err([issue('strategy', unknownStrategy(name))]);
    return strategies[name].parse(json);
  },
  validate: (section: RootfsSection, { facts }: { readonly facts: SharedFacts }): readonly Issue[] => {
    if (section.strategy === undefined) return [];
    const source = sourceOf(section);
    // A layer is mounted: without a mount namespace of the container's own that would be on the host.
    const isLost = source !== undefined && !('path' in source) && !facts.unshared.includes('mount');
    return [
      ...ownIssues(section),
      ...(isLost ? [issue('rootfs', `a layer over the host needs a new mount namespace; add unshare("mount")`)] : []),
    ];
  },
  facts: (section: RootfsSection) => {
    const source = sourceOf(section);
    if (source === undefined) return {};
    return 'path' in source
      ? { rootfs: source.path, changesRoot: true }
      : { rootfsIsThrowAway: true, changesRoot: true };
  },
  plan: () => [],
  check: (section, { host }) =>
    section.strategy === undefined ? [] : (strategyOf(section).check?.(section, host) ?? []),
} as const satisfies Part<'rootfs', RootfsSection, RootfsMethods>;

function isName(name: unknown): name is RootfsSpec['strategy'] {
  return typeof name === 'string' && Object.hasOwn(strategies, name);
}

function unknownStrategy(name: unknown): string {
  const shown = typeof name === 'string' ? quote(name) : String(name);
  return `${shown} is not a strategy; known are ${Object.keys(strategies).join(', ')}`;
}
