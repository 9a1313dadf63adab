/** Shows long work to a person: a bar on a terminal, lines in a pipe. */
import type { Writable } from 'node:stream';
import { formatBytes } from '@haco/plan';
import type { PrepareContext, Transfer } from './strategy.js';

/** What to give as context, and what to call at the end. */
export interface Progress extends Required<Pick<PrepareContext, 'onProgress' | 'onTransfer'>> {
  /** Take the bar away. */
  readonly close: () => void;
}

const redrawMs = 100;
const barWidth = 24;
const lineStep = 0.25;
const defaultColumns = 80;

/**
 * Progress as text: on a terminal one bar below the lines, for all transfers together; in a pipe a line at each quarter of a transfer. No
 * control characters of what is shown reach the terminal.
 *
 * @param stream - e.g. `process.stderr`
 *
 * @example
 * ```ts
 * import { image, prepareRootfs, progressTo } from '@haco/bootstrap';
 * const progress = progressTo(process.stderr);
 * await prepareRootfs(image('debian:12', { target: '/srv/roots/debian' }), progress);
 * progress.close();
 * ```
 */
export function progressTo(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }): Progress {
  return stream.isTTY === true ? bar(stream) : lines(stream);
}

/** What a terminal would take for commands becomes visible. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '?');
}

function lines(stream: Writable): Progress {
  const told = new Map<string, number>();
  return {
    onProgress: (line) => stream.write(`${printable(line)}\n`),
    onTransfer: ({ id, label, done, total }) => {
      if (total === undefined || total === 0) return;
      const step = Math.floor(done / total / lineStep);
      if (step <= (told.get(id) ?? 0)) return;
      told.set(id, step);
      const percent = String(Math.round(step * lineStep * 100));
      stream.write(`${printable(label)}: ${percent} % of ${formatBytes(total)}\n`);
    },
    close: () => undefined,
  };
}

function bar(stream: Writable & { readonly columns?: number }): Progress {
  const running = new Map<string, Transfer>();
  let drawnAt = 0;
  let isShown = false;
  const clear = () => {
    if (isShown) stream.write('\r\u001b[K');
    isShown = false;
  };
  const draw = () => {
    drawnAt = performance.now();
    const all = [...running.values()];
    if (all.length === 0) return clear();
    // One column stays free: a full line would wrap.
    const text = describe(all).slice(0, (stream.columns ?? defaultColumns) - 1);
    stream.write(`\r${text}\u001b[K`);
    isShown = true;
  };
  return {
    onProgress: (line) => {
      clear();
      stream.write(`${printable(line)}\n`);
      draw();
    },
    onTransfer: (transfer) => {
      const isDone = transfer.total !== undefined && transfer.done >= transfer.total;
      if (isDone) running.delete(transfer.id);
      else running.set(transfer.id, transfer);
      if (isDone || performance.now() - drawnAt >= redrawMs) draw();
    },
    close: clear,
  };
}

/** `[#####-----] 42 % of 30 MiB, 3 transfers`. */
function describe(all: readonly Transfer[]): string {
  const done = all.reduce((sum, transfer) => sum + transfer.done, 0);
  const [first] = all;
  const label = all.length === 1 && first !== undefined ? printable(first.label) : `${String(all.length)} transfers`;
  if (all.some(({ total }) => total === undefined)) return `${formatBytes(done)}, ${label}`;
  const total = all.reduce((sum, transfer) => sum + (transfer.total ?? 0), 0);
  const part = total === 0 ? 0 : Math.min(done / total, 1);
  const filled = Math.round(part * barWidth);
  const shown = '#'.repeat(filled) + '-'.repeat(barWidth - filled);
  return `[${shown}] ${String(Math.floor(part * 100)).padStart(3)} % of ${formatBytes(total)}, ${label}`;
}
