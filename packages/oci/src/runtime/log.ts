/** What an engine reads when a command fails: one sentence on stderr, and one entry in its log. */
import { appendFileSync } from 'node:fs';

/** Where entries go, and in which form. */
export interface LogTarget {
  readonly log?: string;
  readonly logFormat: 'text' | 'json';
}

/** Tell, and give the exit code back. */
export function reportFailure(message: string, { log, logFormat }: LogTarget, code: number): number {
  const line = message.replace(/\s*\n\s*/g, ' ');
  const time = new Date().toISOString();
  const entry =
    logFormat === 'json'
      ? JSON.stringify({ level: 'error', msg: line, time })
      : `time="${time}" level=error msg=${JSON.stringify(line)}`;
  if (log !== undefined) {
    try {
      appendFileSync(log, `${entry}\n`, { mode: 0o644 });
    } catch {
      // The stream below still has it.
    }
  }
  process.stderr.write(log === undefined && logFormat === 'json' ? `${entry}\n` : `haco-oci: ${line}\n`);
  return code;
}
