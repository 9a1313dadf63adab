/** Whether a group has processes and whether they are stopped, and the events when that changes. */
import type { Emit } from './event.js';

/** State of a group; undefined where it isn't known. */
export interface GroupState {
  readonly populated?: boolean | undefined;
  readonly frozen?: boolean | undefined;
}

/** The state in `cgroup.events`. */
export function parseState(text: string): GroupState {
  const flag = (word: string): boolean | undefined =>
    text.includes(`${word} 1`) ? true : text.includes(`${word} 0`) ? false : undefined;
  return { populated: flag('populated'), frozen: flag('frozen') };
}

/** Emits what differs between one state and the next; the first one is only kept. */
export function stateChanges(emit: Emit): (state: GroupState) => void {
  let last: GroupState | undefined;
  return (state) => {
    const before = last ?? state;
    last = state;
    if (state.populated !== before.populated) emit({ type: state.populated === true ? 'populated' : 'empty' });
    if (state.frozen !== before.frozen) emit({ type: state.frozen === true ? 'frozen' : 'thawed' });
  };
}
