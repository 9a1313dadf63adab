/** Takes away a half-made root, but never what is mounted in it. */
import { readFile, rm } from 'node:fs/promises';
import { IoError } from '@haco/plan';

/** Rejects with an error of kind `io` when something is mounted below: it may be the host's own /dev. */
export async function removeTree(path: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => unescape(line.split(' ')[4] ?? ''))
    .filter((target) => target === path || target.startsWith(`${path}/`));
  if (mounts.length > 0) {
    const hint = `${mounts.join(', ')} is still mounted there; unmount it, then remove the directory`;
    throw new IoError({ what: 'remove the half-made', path, errno: 'EBUSY', hint });
  }
  // A killed tool's last processes may still be writing for a moment: ENOTEMPTY is tried again.
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** mountinfo writes blanks and the like as octal numbers, see proc_pid_mountinfo(5). */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
