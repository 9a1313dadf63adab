/** Something that starts a command and waits for its end, to be compared with others. */

export interface Contender {
  /** Unique within a run, e.g. `haco-full`. */
  readonly id: string;
  readonly label: string;
  readonly group: 'node' | 'haco' | 'floor' | 'tool';
  /**
   * One start, from the first call to the result. A number is its time in milliseconds, where the contender measures itself;
   * otherwise the time of the call counts.
   */
  readonly start: () => Promise<number | undefined>;
  /** Take part in every n-th round only; for those that take so long that nothing else would be measured. */
  readonly every?: number;
}

/** A contender that takes no part, and why. */
export interface Absent {
  readonly label: string;
  readonly reason: string;
}

/** Paths of what {@link prepareStage} made, for the process that measures. */
export interface StagePaths {
  /** Root filesystem of all contenders that change the root. */
  readonly root: string;
  /** A static command that ends at once, on the host; the same is `/bin/true` in the root. */
  readonly staticTrue: string;
  /** The same for a command that waits for ever. */
  readonly staticPause: string;
  /** The compiled floor.c. */
  readonly floor: string;
  /** An OCI bundle with the same isolation. */
  readonly bundle: string;
  /** A directory for the state of the OCI runtimes. */
  readonly state: string;
}
