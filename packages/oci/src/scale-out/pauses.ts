/** Pauses before a container is started again, of which most engines have their own idea. */
import type { Report } from './report.js';
import type { Service } from './service.js';

/** What `restart()` means where nothing is said of pauses. */
const usual = { delayMs: 100, backoff: 2 } as const;

/** Tell of pauses that somebody has asked for. */
export function reportPauses(service: Service, engine: string, report: Report): void {
  const { restart } = service.supervision;
  if (restart === undefined) return;
  for (const field of ['delayMs', 'backoff'] as const) {
    if (restart[field] === usual[field]) continue;
    report.missing(service, `supervision.restart.${field}`, `${engine} chooses the pauses between starts`);
  }
}
