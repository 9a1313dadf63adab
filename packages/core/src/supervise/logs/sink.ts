/** Where lines of output go. */
import type { LogRecord } from './record.js';

/** A target of output. It never throws: output that can't be kept is lost, the container goes on. */
export interface LogSink {
  write(stream: LogRecord['stream'], line: Buffer, partial: boolean): void;
  close(): void;
}
