/** Everything that can go wrong, as one union that a caller can `switch` over by `kind`. */
import type { Issue } from './issue.js';
import * as message from './message.js';

abstract class HacoErrorBase extends Error {
  /** What clean-up found after this error; never replaces it. */
  cleanup: readonly HacoError[] = [];
}

/** The spec makes no sense: every problem with its path. */
export class InvalidSpecError extends HacoErrorBase {
  readonly kind = 'invalid-spec';
  override readonly name = 'InvalidSpecError';
  /** Each problem: its path into the spec, and a clause that says what is wrong and what would be right. */
  readonly issues: readonly Issue[];
  constructor(fields: { issues: readonly Issue[] }) {
    super(message.invalidSpec(fields));
    this.issues = fields.issues;
  }
}

/** A system call was refused. */
export class SyscallError extends HacoErrorBase {
  readonly kind = 'syscall';
  override readonly name = 'SyscallError';
  /** Label of the step that failed, e.g. `mount a new procfs on /proc`; for calls outside a plan, what was tried. */
  readonly step: string;
  /** Id of the step in the plan; empty outside a plan. */
  readonly stepId: string;
  /** Path into the spec that asked for the step; empty outside a plan. */
  readonly from: string;
  /** The call as strace would print it. */
  readonly call: string;
  /** Name of the call, as in the man pages. */
  readonly syscall: string;
  /** Errno name, e.g. `EPERM`. */
  readonly errno: string;
  /** What it means here and what to do. */
  readonly hint: string;
  constructor(fields: message.SyscallFields) {
    super(message.syscall(fields));
    this.step = fields.step;
    this.stepId = fields.stepId ?? '';
    this.from = fields.from ?? '';
    this.call = fields.call;
    this.syscall = fields.syscall;
    this.errno = fields.errno;
    this.hint = fields.hint;
  }
}

/** The kernel or the host lacks something. */
export class UnsupportedError extends HacoErrorBase {
  readonly kind = 'unsupported';
  override readonly name = 'UnsupportedError';
  /** What is missing, e.g. `pidfd_open`; where a check of the plan found it, what that says. */
  readonly feature: string;
  /** What needs it, e.g. a verb. */
  readonly neededFor: string;
  /** Since which kernel, which configuration option, or which architecture. */
  readonly since: string;
  /** How to check, or what to do instead. */
  readonly remedy: string;
  constructor(fields: message.UnsupportedFields) {
    super(message.unsupported(fields));
    this.feature = fields.feature;
    this.neededFor = fields.neededFor;
    this.since = fields.since;
    this.remedy = fields.remedy;
  }
}

/** A privilege is missing: which one, and the command that grants it. */
export class PermissionError extends HacoErrorBase {
  readonly kind = 'permission';
  override readonly name = 'PermissionError';
  /** What was to be done. */
  readonly what: string;
  /** What is missing: root, a capability, a subuid range, delegation. */
  readonly missing: string;
  /** What grants it, or how to do without. */
  readonly remedy: string;
  constructor(fields: message.PermissionFields) {
    super(message.permission(fields));
    this.what = fields.what;
    this.missing = fields.missing;
    this.remedy = fields.remedy;
  }
}

/** An external program is missing or failed. */
export class ToolError extends HacoErrorBase {
  readonly kind = 'tool';
  override readonly name = 'ToolError';
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Exit code; null when the program could not be started or was killed. */
  readonly exitCode: number | null;
  /** The last lines of its error output. */
  readonly stderr: string;
  /** Debian package that provides the program. */
  readonly package: string;
  constructor(fields: message.ToolFields) {
    super(message.tool(fields));
    this.command = fields.command;
    this.exitCode = fields.exitCode;
    this.stderr = fields.stderr;
    this.package = fields.package;
  }
}

/** A root, a command, a file or a container isn't there. */
export class NotFoundError extends HacoErrorBase {
  readonly kind = 'not-found';
  override readonly name = 'NotFoundError';
  /** What kind of thing, e.g. `rootfs`, `command`. */
  readonly what: string;
  /** Its path or name. */
  readonly subject: string;
  /** What to give instead, or how to make it. */
  readonly remedy: string;
  constructor(fields: message.NotFoundFields) {
    super(message.notFound(fields));
    this.what = fields.what;
    this.subject = fields.subject;
    this.remedy = fields.remedy;
  }
}

/** Somebody else has it already: a name, a group, a lock. */
export class ConflictError extends HacoErrorBase {
  readonly kind = 'conflict';
  override readonly name = 'ConflictError';
  /** What kind of thing, e.g. `name`. */
  readonly what: string;
  /** Its name or path. */
  readonly subject: string;
  /** How to get it, or what to take instead. */
  readonly remedy: string;
  constructor(fields: message.NotFoundFields) {
    super(message.conflict(fields));
    this.what = fields.what;
    this.subject = fields.subject;
    this.remedy = fields.remedy;
  }
}

/** It took too long. */
export class TimeoutError extends HacoErrorBase {
  readonly kind = 'timeout';
  override readonly name = 'TimeoutError';
  /** What was waited for. */
  readonly what: string;
  /** How long, in milliseconds. */
  readonly timeoutMs: number;
  constructor(fields: { what: string; timeoutMs: number }) {
    super(message.timeout(fields));
    this.what = fields.what;
    this.timeoutMs = fields.timeoutMs;
  }
}

/** Not in this moment of the lifecycle; also: cancelled by an AbortSignal before the start. */
export class StateError extends HacoErrorBase {
  readonly kind = 'state';
  override readonly name = 'StateError';
  /** What was to be done. */
  readonly what: string;
  /** The state it is in, e.g. `stopped`. */
  readonly state: string;
  /** What to do first, or instead. */
  readonly remedy: string;
  constructor(fields: message.StateFields) {
    super(message.state(fields));
    this.what = fields.what;
    this.state = fields.state;
    this.remedy = fields.remedy;
  }
}

/** Reading or writing something outside the container failed. */
export class IoError extends HacoErrorBase {
  readonly kind = 'io';
  override readonly name = 'IoError';
  /** What was to be done, e.g. `read`. */
  readonly what: string;
  /** The file, directory or process that it was to be done with. */
  readonly path: string;
  /** Errno name, e.g. `ENOSPC`; empty when the failure has none. */
  readonly errno: string;
  /** What it means here and what to do. */
  readonly hint: string;
  constructor(fields: message.IoFields) {
    super(message.io(fields));
    this.what = fields.what;
    this.path = fields.path;
    this.errno = fields.errno;
    this.hint = fields.hint;
  }
}

/** A hook or another function of the caller failed; `cause` is what it threw. */
export class HookError extends HacoErrorBase {
  readonly kind = 'hook';
  override readonly name = 'HookError';
  /** Its point, and its name or number where there are several; or what else was called. */
  readonly hook: string;
  constructor(fields: { hook: string; cause: unknown }) {
    super(message.hook(fields), { cause: fields.cause });
    this.hook = fields.hook;
  }
}

/** Every error that haco returns. `switch (error.kind)` is exhaustive. */
export type HacoError =
  | InvalidSpecError
  | SyscallError
  | UnsupportedError
  | PermissionError
  | ToolError
  | NotFoundError
  | ConflictError
  | TimeoutError
  | StateError
  | IoError
  | HookError;
