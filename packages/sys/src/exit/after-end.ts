/** One call when a child has ended. */
import { addPoller, pollingIsCheap, removePoller, watchPid } from './watch.js';
import { reap, type ProcessEnd } from './wait.js';

/** Reap the child as soon as it has ended: at once, or on a later SIGCHLD. */
export function afterEnd(pid: number, then: (end: ProcessEnd) => void): void {
  const end = reap(pid);
  if (end !== undefined) {
    then(end);
    return;
  }
  const again = (): void => afterEnd(pid, then);
  // A few containers are asked for on every SIGCHLD, which costs less than a pidfd for each; so are those for which no
  // descriptor is left (EMFILE).
  if (!pollingIsCheap() && watchPid(pid, again)) return;
  const poller = (): void => {
    const late = reap(pid);
    if (late === undefined) return;
    removePoller(poller);
    then(late);
  };
  addPoller(poller);
}
