/** What a strategy is: one way to come by a root filesystem. */
import type { HacoError, HostFacts, Issue, Warning } from '@haco/plan';
import type { Result, ResultAsync } from 'neverthrow';

/** The root that a container gets: a directory of the host, or a throw-away layer over directories of the host. */
export type RootSource =
  | { readonly path: string }
  | {
      readonly overlay: {
        /** Read-only directories, the topmost first, as in `lowerdir=` of overlayfs. */
        readonly lower: readonly string[];
      };
    };

/** Bytes that come in, e.g. one layer of an image. */
export interface Transfer {
  /** Tells transfers apart that go on at the same time. */
  readonly id: string;
  /** The name for people. */
  readonly label: string;
  /** Bytes that are there. */
  readonly done: number;
  /** Bytes that it will be; undefined when nobody knows. */
  readonly total?: number;
}

/** What making a root may be given. */
export interface PrepareContext {
  /** Called often while bytes come in. {@link progressTo} makes a bar of it. */
  readonly onTransfer?: (transfer: Transfer) => void;
  /** Ends the work: programs are killed, what is half made is removed, the error is of kind `state`. */
  readonly signal?: AbortSignal;
  /** Called with each line that a person may want to read meanwhile: a tool's output, what was skipped and why. */
  readonly onProgress?: (line: string) => void;
}

/**
 * One way to come by a root filesystem, as a table of functions over a plain value, its spec. All but `prepare` are pure.
 * Paths of issues are relative to the section, e.g. `target`.
 */
export interface Strategy<Spec extends { readonly strategy: string }> {
  readonly name: Spec['strategy'];
  /** Check JSON from outside and turn it into a spec. */
  readonly parse: (json: Readonly<Record<string, unknown>>) => Result<Spec, readonly Issue[]>;
  /** Every problem that types can't exclude. */
  readonly validate: (spec: Spec) => readonly Issue[];
  /** Which root the container gets, once it is prepared. */
  readonly source: (spec: Spec) => RootSource;
  /** Make the root, unless it is there. Never leaves a half-made one under its final name. */
  readonly prepare?: (spec: Spec, context: PrepareContext) => ResultAsync<void, HacoError>;
  /** What will fail on this host, as far as its facts tell. */
  readonly check?: (spec: Spec, host: HostFacts) => readonly Warning[];
}
