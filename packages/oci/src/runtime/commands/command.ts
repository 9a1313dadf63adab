/** What every command is. */
import type { HacoError } from '@haco/core';
import type { Result } from 'neverthrow';
import type { CgroupManager, CommandShape, Values } from '../command-line.js';

/** What a command is called with. */
export interface Call {
  /** Directory of the states. */
  readonly root: string;
  readonly cgroupManager: CgroupManager;
  /** The program criu, where the command line says. */
  readonly criu?: string | undefined;
  readonly options: Values;
  readonly rest: readonly string[];
  /** Tell what doesn't stop the command. */
  readonly warn: (message: string) => void;
}

/** Its work; the exit code. */
export type Run = (call: Call) => Promise<Result<number, HacoError>>;

/** A command; its code is loaded when it is called. */
export interface Command extends CommandShape {
  readonly help: string;
  readonly load: (root: string) => Promise<Run>;
  /** Exit code of its failures; 1 when left out. */
  readonly failureCode?: number;
}
