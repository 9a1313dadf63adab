/** Which system calls the container may make: the section `seccomp` of the spec. */
import type { Live } from '@haco/plan';
import type { SyscallHandler } from './handler.js';
import type { SeccompPreset } from './presets.js';
import type { SeccompProfile } from './profile.js';
import type { SeccompFlag } from './words.js';

/** A filter as the kernel takes it. */
export interface CompiledFilter {
  /** `struct sock_filter[]` in base64. */
  readonly program: string;
  /** How many instructions. */
  readonly length: number;
}

/** Where a filter comes from. */
export type SeccompSource =
  { readonly preset: SeccompPreset } | { readonly file: string } | { readonly profile: SeccompProfile };

/** One filter. The program and its flags are only there in plans for this machine; they never come from a spec. */
export type SeccompFilter = SeccompSource & {
  readonly compiled?: CompiledFilter;
  readonly flags?: readonly SeccompFlag[];
};

/** A system call that a function of the caller answers. */
export interface AnsweredCall {
  readonly name: string;
  readonly handler: Live<SyscallHandler>;
}

/** JSON-serializable but for handlers; nothing is filtered when it is empty. */
export interface SeccompSection {
  /** All of them hold: a call happens when every filter lets it. */
  readonly filters?: readonly SeccompFilter[];
  /** Calls that functions of the caller answer, where no filter has refused them. */
  readonly answered?: readonly AnsweredCall[];
  /** Every call is let through and noted; filters don't hold. */
  readonly learn?: true;
  /** What makes the kernel ask: only there in plans for this machine. */
  readonly asking?: CompiledFilter;
}
