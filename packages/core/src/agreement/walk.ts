/** One process performs the operations of a plan, call by call. */
import { renderOperation, type Operation } from '@haco/plan';
import { checkArguments } from './compare-call.js';
import { frame } from './frame.js';
import { Disagreement, type Trace } from './trace.js';

/** How one process performs its operations. */
export interface Walk {
  /** In messages. */
  readonly who: string;
  /** Those of the step that is to fail. */
  readonly failing: ReadonlySet<Operation>;
  /** What calls have given so far; it is added to. */
  readonly slots: Map<string, number>;
  /** Gives the trace of the child after an init. */
  readonly split?: () => Trace;
}

/** Where it came to; `failed` at one of those that are to fail. */
export interface Walked {
  readonly trace: Trace;
  readonly failed: boolean;
}

/** Go through both. */
export function walk(operations: readonly Operation[], trace: Trace, { who, failing, slots, split }: Walk): Walked {
  let current = trace;
  const failed = (operation: Operation, how: string): Walked => {
    if (failing.has(operation)) return { trace: current, failed: true };
    throw new Disagreement(`${who}: ${renderOperation(operation)} failed with ${how}`);
  };
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i];
    if (operation === undefined) break;
    const what = renderOperation(operation);
    switch (operation.op) {
      case 'load':
      case 'compare':
        break;
      case 'barrier':
        current.next('write', what);
        // 1 is go.
        if (current.next('read', what).args[1] !== '"\\1"') return failed(operation, 'a no from Node');
        break;
      case 'init':
        if (split === undefined) throw new Disagreement(`${who}: an init in the launcher`);
        current.all(frame.beforeInit, 'frame');
        current.next('clone', what);
        current = split();
        // It waits for the init as long as that takes, which may be no time at all.
        while (current.peek()?.name === frame.awaitInit) current.next(frame.awaitInit, 'frame');
        current.all(frame.afterInit, 'frame');
        break;
      case 'kill-listed': {
        for (let killed = true; killed;) {
          killed = false;
          current.all(frame.beforeKill, 'frame');
          if (current.next('openat', what).errno !== null) break;
          for (let name = current.peek()?.name; name === 'kill' || name === 'read'; name = current.peek()?.name) {
            current.next(name, what);
            killed ||= name === 'kill';
          }
          current.next('close', what);
        }
        break;
      }
      case 'clone':
        throw new Disagreement(`${who}: a clone in the middle of ${what}`);
      case 'syscall': {
        let call = current.next(operation.name, what);
        checkArguments(operation, call, who, slots);
        while (
          call.errno !== null &&
          operation.retry?.errnos.includes(call.errno) === true &&
          current.peek()?.name === operation.name
        ) {
          call = current.next(operation.name, what);
        }
        if (operation.save !== undefined && call.errno === null && call.result !== null)
          slots.set(operation.save, call.result);
        if (call.errno === null) i += operation.skipOnSuccess ?? 0;
        else if (operation.tolerate?.includes(call.errno) === true) i += operation.skipOnTolerated ?? 0;
        else return failed(operation, call.errno);
        // The process is another program from here on.
        if (operation.name === 'execve' && call.errno === null) return { trace: current, failed: false };
      }
    }
  }
  return { trace: current, failed: false };
}
