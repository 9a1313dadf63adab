/** A problem in a spec, with the place where it is. */

/** One problem. `path` is written as in JavaScript, e.g. `mounts.binds[2].target`; the message is one sentence. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Build an {@link Issue}. */
export function issue(path: string, message: string): Issue {
  return { path, message };
}

/** What a verb returns instead of a section when its arguments can't be understood. The builder collects these. */
export class Rejected {
  constructor(readonly issues: readonly Issue[]) {}
}

/** Refuse a verb's arguments. */
export function rejected(path: string, message: string): Rejected {
  return new Rejected([issue(path, message)]);
}
