/** What `run()` and `start()` are given by the builder. */
import type { AnyPart } from '@haco/plan';
import type { MakeBuilder } from '../exec/joinable.js';
import type { Runtime } from '../runtime.js';
import type { Spec } from '../spec.js';

/** What a start needs to know. */
export interface StartInput {
  readonly parts: readonly AnyPart[];
  readonly spec: Spec;
  readonly runtime: Runtime;
  /** For processes that join the container later. */
  readonly makeBuilder: MakeBuilder;
  /** Hears the name of each system call, where the section `seccomp` says `learn`. */
  readonly noted?: (name: string) => void;
}
