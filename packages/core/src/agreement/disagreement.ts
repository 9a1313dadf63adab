/** For the strace agreement: walks through a plan as the launcher does, and through what strace saw, and says where they part. */
import { type Operation, type Plan, processOf, type Step } from '@haco/plan';
import { wireOrder } from '@haco/sys';
import type { StraceCall } from '@haco/testkit';
import { checkClone } from './compare-call.js';
import { frame } from './frame.js';
import { isLauncher, isOfPlan, lastStart, sparesOf } from './last-start.js';
import { checkTools, toolProcesses } from './tools.js';
import { Disagreement, Trace } from './trace.js';
import { walk } from './walk.js';

/**
 * Compare a plan with what strace saw of a Node process, its threads and its children while the plan was performed. Of several
 * starts it is the last that counts.
 *
 * @param threads - ids of Node's own threads
 * @param failsAt - id of the step at which the start fails; without one it goes well
 * @returns where they part, or undefined
 */
export function disagreement(
  plan: Plan,
  calls: readonly StraceCall[],
  threads: ReadonlySet<number>,
  failsAt?: string,
): string | undefined {
  const spares = sparesOf(calls, threads);
  const first = lastStart(calls, threads, spares);
  if (first === undefined) return 'strace saw no launcher';
  const { pid: launcher, from: launcherAt, way } = first;
  const of = (pid: number, from: number): readonly StraceCall[] =>
    calls.slice(from).filter((call) => call.pid === pid && isOfPlan(call));
  const earlier = new Set(calls.slice(0, launcherAt).map(({ pid }) => pid));
  // What keeps the parents of groups for the next start, and a fork server, are launchers beside this one.
  const beside = new Set(
    calls
      .slice(launcherAt)
      .filter(isLauncher)
      .map(({ pid }) => pid),
  );
  const tools = toolProcesses(plan, calls);
  // In the order of their first call; a process that was made later comes later.
  const others = [...new Set(calls.slice(launcherAt).map(({ pid }) => pid))].filter(
    (pid) =>
      pid !== launcher &&
      !threads.has(pid) &&
      !earlier.has(pid) &&
      !spares.has(pid) &&
      !beside.has(pid) &&
      !tools.has(pid),
  );
  const [container, ...children] = way === 'alone' ? [launcher, ...others] : others;

  const steps = wireOrder(plan.steps);
  const operations = (where: (step: Step) => boolean): readonly Operation[] =>
    steps.filter(where).flatMap((step) => step.operations);
  const before = operations(({ phase }) => phase === 'prepare' || phase === 'join' || phase === 'clone');
  const parent = operations(({ phase }) => phase === 'parent');
  const stays = steps.some(({ phase }) => phase === 'undo');
  const undo = operations(
    ({ phase, onlyAfterFailure }) => phase === 'undo' && (onlyAfterFailure !== true || failsAt !== undefined),
  );
  const inside = operations(({ phase }) => processOf(phase) === 'container');
  const hasInit = inside.some(({ op }) => op === 'init');
  const cloneAt = before.findIndex(({ op }) => op === 'clone');
  const failing = new Set(operations(({ id }) => id === failsAt));
  // The new process has those of the launcher too.
  const slots = new Map<string, number>();

  /** The launcher's last words, once there is no container or none any more. */
  const end = (outer: Trace): void => {
    walk(undo, outer, { who: 'the launcher', failing: new Set(), slots });
    // Node may have seen in the report that all is done before it is told, doesn't wait for its end, and strace looks no longer than Node.
    outer.beginningOf([...(stays || hasInit ? frame.done : []), 'exit_group'], 'its end');
  };

  /** What the new process does once it may; whether it came to its command. */
  const checkInside = (inner: Trace): boolean => {
    const split = (): Trace => {
      const [child = 0] = children;
      return new Trace(of(child, 0), "the init's child");
    };
    const whole = [...before.slice(cloneAt + 1), ...inside];
    const { trace, failed } = walk(whole, inner, { who: "the container's process", failing, slots, split });
    if (failed) {
      trace.next('exit_group', 'its end');
      trace.end();
    }
    return !failed;
  };

  try {
    const asSaid = (() => {
      if (way === 'alone') {
        const only = new Trace(of(launcher, launcherAt), "the container's process");
        only.all([...frame.alone, ...frame.takePlan, ...frame.aloneEnd, ...frame.enter], 'frame');
        return checkInside(only);
      }
      const outer = new Trace(of(launcher, launcherAt), 'the launcher');
      outer.all(way === 'served' ? frame.served : frame.begin, 'frame');
      outer.all(frame.takePlan, 'frame');
      if (hasInit) outer.all(frame.beginInit, 'frame');
      outer.all(frame.beginEnd, 'frame');
      if (walk(before.slice(0, cloneAt), outer, { who: 'the launcher', failing, slots }).failed) {
        end(outer);
        return false;
      }
      const waits = outer.peek()?.name === 'socketpair';
      if (waits) outer.all(frame.beforeClone, 'frame');
      checkClone(before[cloneAt], outer.next('clone3', 'the clone'));
      const toParent = walk(parent, outer, { who: 'the launcher', failing, slots });
      if (toParent.failed) outer.all(frame.kill, 'frame');
      else if (waits) outer.all(frame.release, 'frame');
      if (stays || hasInit) {
        if (outer.peek()?.name === 'getppid') outer.all(frame.notice, 'frame');
        outer.all(frame.watch, 'frame');
      }
      end(outer);

      const inner = new Trace(container === undefined ? [] : of(container, 0), "the container's process");
      if (toParent.failed) {
        inner.beginningOf([...frame.enter, ...frame.enterWaiting], 'frame');
        return false;
      }
      inner.all(frame.enter, 'frame');
      if (waits) inner.all(frame.enterWaiting, 'frame');
      checkTools(plan, calls, container ?? 0);
      return checkInside(inner);
    })();
    if (asSaid !== (failsAt === undefined)) throw new Disagreement(`strace saw no failure at ${failsAt ?? 'any step'}`);
    return undefined;
  } catch (error) {
    if (error instanceof Disagreement) return error.message;
    throw error;
  }
}
