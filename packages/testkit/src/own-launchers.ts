/** Launchers of this process: those of containers, their guards, the fork server and its like. */
import { namesIn, textOr } from './read-or.js';

/** Their pids. */
export function ownLaunchers(): readonly number[] {
  return namesIn('/proc/self/task')
    .flatMap((task) => textOr(`/proc/self/task/${task}/children`).split(' '))
    .filter((pid) => pid !== '' && textOr(`/proc/${pid}/comm`).trim() === 'haco-init')
    .map(Number);
}
