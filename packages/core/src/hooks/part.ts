/** The part `hooks`: functions of the caller at moments of a container's life. */
import { err, ok, type Result } from 'neverthrow';
import {
  isLiveJson,
  issue,
  Live,
  parseDuration,
  quote,
  rejected,
  type Duration,
  type EndMoment,
  type Issue,
  type Moment,
  type Part,
  type PartEffects,
  type Rejected,
  type RunningMoment,
  type Step,
} from '@haco/plan';
import { restoreOf } from '../checkpoint/section.js';
import type { Outcome } from '../outcome.js';
import type { CoreMoment } from '../start/effects.js';
import { callHooks, type HookCall } from './call.js';
import { barrierOf, barrierPoints, hookPoints, type HookPoint } from './points.js';
import { hookName, type Hook, type HookEntry, type HookOptions, type HooksSection } from './section.js';

/** The verb of hooks. */
export interface HookMethods {
  /**
   * Call a function at a moment of the container's life; see {@link HookPoint} for the moments. Several of one point are called in the
   * order in which they were added, each when the one before is done. A hook that fails fails the start (kind `hook`) where its point
   * is one of the start, unless it is said to be not `fatal`; nothing is left behind then. Others that fail are told as warnings.
   *
   * @param options - `fatal`, `name`, and `timeout`: after which it counts as failed, in milliseconds or as text such as `'10s'`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco()
   *   .name('web')
   *   .unshare('mount', 'pid', 'net')
   *   .hook('afterChroot', async ({ run, log }) => {
   *     const made = await run('mkdir', '-p', '/run/web');
   *     made.match((outcome) => log(`mkdir: ${outcome.exitCode}`), (error) => log(error.message));
   *   })
   *   .hook('teardown', ({ name, outcome }) => console.log(name, outcome?.reason), { name: 'report' })
   *   .command('server');
   * ```
   */
  hook(point: HookPoint, hook: Hook, options?: HookOptions & { readonly timeout?: Duration }): this;
}

function add(
  section: HooksSection,
  point: HookPoint,
  hook: Hook,
  { fatal, name, timeout }: HookOptions & { readonly timeout?: Duration } = {},
): HooksSection | Rejected {
  const path = `hooks.hooks[${String(section.hooks.length)}]`;
  if (!Object.hasOwn(hookPoints, point)) {
    const known = Object.keys(hookPoints).join(', ');
    return rejected(`${path}.point`, `${quote(String(point))} is no point of hooks; use ${known}`);
  }
  if (typeof hook !== 'function') return rejected(`${path}.run`, 'must be a function');
  const timeoutMs = timeout === undefined ? ok(undefined) : parseDuration(timeout);
  if (timeoutMs.isErr()) return rejected(`${path}.timeoutMs`, timeoutMs.error);
  const entry: HookEntry = {
    point,
    ...(name === undefined ? {} : { name }),
    ...(fatal === undefined ? {} : { fatal }),
    ...(timeoutMs.value === undefined ? {} : { timeoutMs: timeoutMs.value }),
    run: new Live(hook, 'a function'),
  };
  return { ...section, hooks: [...section.hooks, entry] };
}

function parse(json: unknown): Result<HooksSection, readonly Issue[]> {
  const hooks = (json as { readonly hooks?: unknown } | null)?.hooks;
  if (!Array.isArray(hooks)) return err([issue('', 'must be an object with a list of hooks')]);
  const issues = (hooks as readonly { readonly run?: unknown }[]).flatMap((entry, index) => {
    if (entry.run instanceof Live) return [];
    const what = isLiveJson(entry.run) ? entry.run.live : 'this';
    return [issue(`hooks[${String(index)}].run`, `${what} can't come from JSON; call .hook() on the builder again`)];
  });
  return issues.length > 0 ? err(issues) : ok(json as HooksSection);
}

function validate({ hooks }: HooksSection): readonly Issue[] {
  return hooks.flatMap(({ timeoutMs }, index) =>
    timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1)
      ? [issue(`hooks.hooks[${String(index)}].timeoutMs`, 'must be more than 0 ms and less than 24 days')]
      : [],
  );
}

/** A step for each point at which the start waits, where a hook asks for it. */
function plan(section: HooksSection): readonly Step[] {
  return barrierPoints.flatMap((point): readonly Step[] => {
    const found = hookPoints[point];
    const first = section.hooks.findIndex((entry) => entry.point === point);
    if (first === -1 || !('barrier' in found)) return [];
    const { phase, last, why } = found.barrier;
    const names = section.hooks.filter((entry) => entry.point === point).map((entry) => hookName(section, entry));
    return [
      {
        id: `hooks.${point}`,
        phase,
        ...(last ? { last } : {}),
        label: `call ${names.length === 1 ? 'the hook' : 'the hooks'} ${names.join(', ')}`,
        why,
        from: `hooks.hooks[${String(first)}]`,
        operations: [{ op: 'barrier', name: barrierOf(point) }],
      },
    ];
  });
}

/** The call of hooks at a moment of a start. */
export function hookCall(given: Moment, pid?: number): HookCall {
  const moment = given as CoreMoment & Partial<EndMoment>;
  return {
    name: moment.name,
    input: moment.input,
    pid: pid === 0 ? undefined : pid,
    rootfs: moment.facts.rootfs,
    values: moment.shared.values,
    signal: moment.signal,
    // Core ends its own containers: the summary is the outcome.
    ...(moment.outcome === undefined ? {} : { outcome: moment.outcome as Outcome }),
    ...(moment.error === undefined ? {} : { error: moment.error }),
  };
}

/** Whether this start restores a checkpoint. */
function restores(moment: Moment): boolean {
  return restoreOf((moment as CoreMoment).input.spec) !== undefined;
}

function effects(section: HooksSection): PartEffects | undefined {
  if (section.hooks.length === 0) return undefined;
  const at = async (moment: Moment, pid: number | undefined, ...points: readonly HookPoint[]) => {
    for (const point of points) {
      const done = await callHooks(section, point, hookCall(moment, pid));
      if (done.isErr()) return done;
    }
    return ok();
  };
  const running = (moment: RunningMoment) =>
    at(moment, moment.pid, ...(restores(moment) ? ['afterRestore' as const] : []), 'beforeStartWait');
  const points = new Set(section.hooks.map(({ point }) => point));
  const barriers = barrierPoints.filter((point) => points.has(point));
  return {
    before: (moment) =>
      at(moment, undefined, 'setup', 'beforeFork', ...(restores(moment) ? ['beforeRestore' as const] : [])),
    after: (moment) =>
      at(moment, undefined, ...(moment.error === undefined ? [] : ['systemFailure' as const]), 'teardown'),
    innermost: {
      barriers: Object.fromEntries(
        barriers.map((point) => [barrierOf(point), (moment) => at(moment, moment.childPid, point)]),
      ),
      ...(points.has('beforeStartWait') || points.has('afterRestore') ? { running } : {}),
      after: (moment) =>
        at(
          moment,
          undefined,
          'teardownContainer',
          ...(moment.outcome?.exitCode === 0 ? [] : ['afterFailure' as const]),
        ),
    },
  };
}

/** The part `hooks`. */
export const hooksPart = {
  key: 'hooks',
  scope: 'container',
  empty: { hooks: [] },
  verbs: { hook: add },
  parse,
  validate,
  plan,
  effects,
} as const satisfies Part<'hooks', HooksSection, HookMethods>;
