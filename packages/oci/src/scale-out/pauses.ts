/** Pauses before a container is started again, of which most engines have their own idea. */
import { usualPauses } from '@haco/core';
import type { Report } from './report.js';
import type { Service } from './service.js';

/** Tell of pauses that somebody has asked for. */
export function reportPauses(service: Service, engine: string, report: Report): void {
  const { restart } = service.supervision;
  if (restart === undefined) return;
  for (const field of ['delayMs', 'backoff'] as const) {
    if (restart[field] === usualPauses[field]) continue;
    report.missing(service, `supervision.restart.${field}`, `${engine} chooses the pauses between starts`);
  }
}
