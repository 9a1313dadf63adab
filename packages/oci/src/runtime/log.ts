/** What an engine reads when a command fails: one sentence on stderr, and one entry in its log. */
import { appendFileSync } from 'node:fs';

/** Where entries go, and in which form. */
export interface LogTarget {
  readonly log?: string;
  readonly logFormat: 'text' | 'json';
}

/** Write an entry to the log, if there is one; what is said on stderr. */
function tell(level: 'error' | 'warning', message: string, { log, logFormat }: LogTarget): string {
  const line = message.replace(/\s*\n\s*/g, ' ');
  const time = new Date().toISOString();
  const entry =
    logFormat === 'json'
      ? JSON.stringify({ level, msg: line, time })
      : `time="${time}" level=${level} msg=${JSON.stringify(line)}`;
  if (log !== undefined) {
    try {
      appendFileSync(log, `${entry}\n`, { mode: 0o644 });
    } catch {
      // The stream below still has it.
    }
  }
  return log === undefined && logFormat === 'json' ? `${entry}\n` : `haco-oci: ${line}\n`;
}

/** Tell, and give the exit code back. */
export function reportFailure(message: string, target: LogTarget, code: number): number {
  process.stderr.write(tell('error', message, target));
  return code;
}

/** What doesn't stop the command; on stderr only where there is no log, since engines take what stands there for an error. */
export function reportWarning(message: string, target: LogTarget): void {
  const line = tell('warning', message, target);
  if (target.log === undefined) process.stderr.write(line);
}
