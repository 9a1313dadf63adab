/** How much archives may hold before they are taken for an attack; several of one root share what is left. */
import { formatBytes, type IoError } from '@haco/plan';

export interface Limits {
  /** Unpacked size of the archives, with their headers. */
  readonly bytes: number;
  readonly entries: number;
}

export class Budget {
  bytes = 0;
  entries = 0;

  constructor(readonly limits: Limits) {}

  /** Throws when an entry more is too many. */
  addEntry(refuse: (hint: string) => IoError): void {
    this.entries += 1;
    if (this.entries <= this.limits.entries) return;
    throw refuse(`it has more than ${String(this.limits.entries)} entries; raise limits.entries if you trust it`);
  }

  /** An error when these bytes are too many. */
  addBytes(count: number, refuse: (hint: string) => IoError): IoError | undefined {
    this.bytes += count;
    if (this.bytes <= this.limits.bytes) return undefined;
    return refuse(`it unpacks to more than ${formatBytes(this.limits.bytes)}; raise limits.size if you trust it`);
  }
}
