/** The work of `learn()`: a run whose system calls are noted. */
import { learnedProfile, type SeccompProfile, type SeccompSection } from '@haco/confine';
import type { HacoError } from '@haco/plan';
import type { Result } from 'neverthrow';
import type { Outcome } from '../outcome.js';
import { run } from './run.js';
import type { StartInput } from './start-input.js';

/** What a run has taught. */
export interface Learned {
  /** Allows what the run has used, and nothing else: for `seccomp()`, or as JSON for any OCI runtime. */
  readonly profile: SeccompProfile;
  readonly outcome: Outcome;
}

/** Run with every call let through and noted. */
export async function learn(input: StartInput): Promise<Result<Learned, HacoError>> {
  const used = new Set<string>();
  const seccomp: SeccompSection = { ...(input.spec['seccomp'] as SeccompSection | undefined), learn: true };
  const outcome = await run({ ...input, spec: { ...input.spec, seccomp }, noted: (name) => used.add(name) });
  return outcome.map((end) => ({ profile: learnedProfile(used), outcome: end }));
}
