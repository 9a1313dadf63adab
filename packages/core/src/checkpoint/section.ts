/** What a spec says of checkpoints: plain data. */

/** What a checkpoint and a restore have in common. */
export interface CriuOptions {
  /** The program, by name or path; without it `HACO_CRIU` of the environment, or `criu`. */
  readonly criu?: string;
  /** Keep TCP connections: both ends must find each other again under the same addresses. */
  readonly tcpEstablished?: boolean;
  /** Programs that CRIU calls in between, with `CRTOOLS_SCRIPT_ACTION` saying when. Paths of the host. */
  readonly actionScripts?: readonly string[];
  /** How much CRIU logs, 1 (errors) to 4 (everything); 2 without it. */
  readonly logLevel?: number;
  /** Further options of CRIU, as they are. */
  readonly args?: readonly string[];
}

/** How to restore. */
export interface RestoreOptions extends CriuOptions {
  /** Where mounts of the host are taken from, in place of what this definition says: target inside → path of the host. */
  readonly externals?: Readonly<Record<string, string>>;
}

/** A restore in the spec. */
export interface RestoreSection extends RestoreOptions {
  /** Absolute path of the checkpoint; without it that of the container's name below the state directory. */
  readonly directory?: string;
}

/** Section `checkpoint` of the spec. */
export interface CheckpointSection {
  /** Begin as the processes that were saved there, in place of the command. */
  readonly restore?: RestoreSection;
}

/** What a spec restores from, if anything. */
export function restoreOf(spec: Readonly<Record<string, unknown>>): RestoreSection | undefined {
  return (spec['checkpoint'] as CheckpointSection | undefined)?.restore;
}
