/** What a child inherits from this process without being told: when it changes, a process that was made before is no stand-in for it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { getPriority } from 'node:os';

/** Larger than each of the files; what would lie beyond is compared neither the first nor the second time. */
const fileSize = 8192;

interface StateFile {
  readonly fd: number;
  readonly last: Buffer;
  readonly next: Buffer;
}

/** Credentials, capabilities, CPUs, masks: the lines of status(5) that stay as they are while a process only computes. */
const steadyLines = [
  ['Umask:', 'State:'],
  ['Uid:', 'FDSize:'],
  ['Groups:', 'NStgid:'],
  ['CapInh:', 'voluntary_ctxt_switches:'],
] as const;

function steadyPart(status: string): string {
  return steadyLines.map(([from, to]) => status.slice(status.indexOf(from), status.indexOf(to))).join('');
}

/** A look at this process, to be compared with later ones. */
export class CallerState {
  private readonly files: readonly StateFile[];
  private readonly status: number;
  private lastStatus = '';
  private cwd = '';
  private priority = 0;
  private launcher: string | undefined;

  /** Throws when the files can't be opened. */
  constructor() {
    const fds: number[] = [];
    try {
      // Kept open: a read of an open file costs a third of opening it.
      for (const name of ['limits', 'cgroup', 'oom_score_adj', 'status']) fds.push(openSync(`/proc/self/${name}`, 'r'));
    } catch (error) {
      fds.forEach((fd) => closeSync(fd));
      throw error;
    }
    this.status = fds.pop() ?? -1;
    this.files = fds.map((fd) => ({ fd, last: Buffer.alloc(fileSize), next: Buffer.alloc(fileSize) }));
    this.changed();
  }

  /** Whether anything is not as it was at the last call. */
  changed(): boolean {
    let changed = false;
    for (const { fd, last, next } of this.files) {
      const length = readSync(fd, next, 0, fileSize, 0);
      if (next.compare(last, 0, length, 0, length) === 0 && last[length] === 0) continue;
      changed = true;
      last.fill(0);
      next.copy(last, 0, 0, length);
    }
    return this.steadyChanged() || changed;
  }

  private steadyChanged(): boolean {
    const buffer = statusBuffer;
    const status = steadyPart(buffer.toString('latin1', 0, readSync(this.status, buffer, 0, fileSize, 0)));
    const cwd = process.cwd();
    const priority = getPriority();
    // Not inherited, but asked for: another launcher than the one that serves.
    const launcher = process.env['HACO_INIT'];
    const same =
      status === this.lastStatus && cwd === this.cwd && priority === this.priority && launcher === this.launcher;
    this.launcher = launcher;
    this.lastStatus = status;
    this.cwd = cwd;
    this.priority = priority;
    return !same;
  }

  close(): void {
    for (const { fd } of this.files) closeSync(fd);
    closeSync(this.status);
  }
}

const statusBuffer = Buffer.alloc(fileSize);
