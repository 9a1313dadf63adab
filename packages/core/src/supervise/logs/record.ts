/** One line of output in a log: when, from which stream, and the text; in the form that Kubernetes' container runtimes write. */

/** A line that a container has written. */
export interface LogRecord {
  /** When it was read, in ISO 8601 (UTC). */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without its end of line. */
  readonly text: string;
}

/** A line of a log file; a piece of a long line is not the last one. */
export interface LogLine extends LogRecord {
  readonly partial: boolean;
}

/** `2026-01-01T00:00:00.000Z stdout F text`; `P` in place of `F` for a piece that is continued. */
export function formatLine(time: string, stream: LogRecord['stream'], partial: boolean): string {
  return `${time} ${stream} ${partial ? 'P' : 'F'} `;
}

const pattern = /^(\d{4}-\d\d-\d\dT\S{1,24}) (stdout|stderr) ([FP]) ([^]*)$/;

/** A line of a log file; undefined: it isn't one, or was cut off. */
export function parseLine(line: string): LogLine | undefined {
  const [, time, stream, tag, text] = pattern.exec(line) ?? [];
  if (time === undefined || text === undefined || Number.isNaN(Date.parse(time))) return undefined;
  return { time, stream: stream as LogRecord['stream'], partial: tag === 'P', text };
}
