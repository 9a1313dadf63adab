/** What a format can't say, collected while it is written. */
import { issue, type Issue } from '@haco/core';
import type { Service } from './service.js';

/** Tells of a path of one container's spec; see {@link Report.missing}. */
export type Missing = (path: string, reason: string) => void;

export class Report {
  readonly notRepresented: Issue[] = [];

  /** This path of the spec asks for something that the format has no word for. */
  missing(service: Pick<Service, 'at'>, path: string, reason: string): void {
    this.notRepresented.push(issue(`${service.at}${path}`, reason));
  }
}
