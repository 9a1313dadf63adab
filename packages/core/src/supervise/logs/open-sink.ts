/** From the section of the spec to the target of output. */
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { defaultLogs, type LogsSection } from '../section.js';
import { RotatedFile } from './rotated-file.js';
import type { LogSink } from './sink.js';

/** Output that nobody wants. */
const nothing: LogSink = { write: () => undefined, close: () => undefined };

/** The file of a section; null: output isn't kept in files. */
export function logFileOf(section: LogsSection = defaultLogs, otherwise: string): string | null {
  return section.to === 'file' ? (section.file ?? otherwise) : null;
}

/** Open the target. Errors: `io`; `not-found`, when there is no journal or no syslog. */
export function openSink(
  name: string,
  section: LogsSection = defaultLogs,
  otherwise: string,
): ResultAsync<LogSink, HacoError> {
  const { to, maxBytes, files, socket } = section;
  switch (to) {
    case 'none':
      return okAsync(nothing);
    case 'file': {
      const opened: Result<LogSink, HacoError> = RotatedFile.open({ path: section.file ?? otherwise, maxBytes, files });
      return opened.match<ResultAsync<LogSink, HacoError>>(okAsync, errAsync);
    }
    case 'journald':
    case 'syslog':
      return new ResultAsync(
        import('./socket-sinks.js').then(async ({ openJournal, openSyslog }): Promise<Result<LogSink, HacoError>> => {
          const opened = to === 'journald' ? await openJournal(name, socket) : openSyslog(name, socket);
          return opened.isOk() ? ok(opened.value) : err(opened.error);
        }),
      );
  }
}
