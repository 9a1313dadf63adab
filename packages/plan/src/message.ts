/** The sentence of each error kind, made from its fields in one place: what was tried, what came back, what to do. */
import type { Issue } from './issue.js';
import { plain } from './plain.js';

export interface SyscallFields {
  readonly step: string;
  readonly stepId?: string;
  readonly from?: string;
  readonly call: string;
  readonly syscall: string;
  readonly errno: string;
  readonly hint: string;
}

export interface UnsupportedFields {
  readonly feature: string;
  readonly neededFor: string;
  readonly since: string;
  readonly remedy: string;
  /** The whole sentence, when a check of the plan has made it already. */
  readonly sentence?: string;
}

export interface PermissionFields {
  readonly what: string;
  readonly missing: string;
  readonly remedy: string;
  /** The whole sentence, when a check of the plan has made it already. */
  readonly sentence?: string;
}

export interface ToolFields {
  readonly command: readonly string[];
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly package: string;
  /** Why its file, which is there, could not be executed. */
  readonly startErrno?: string;
}

export interface NotFoundFields {
  readonly what: string;
  readonly subject: string;
  readonly remedy: string;
  /** The whole sentence, when a check of the plan has made it already. */
  readonly sentence?: string;
}

export interface StateFields {
  readonly what: string;
  readonly state: string;
  readonly remedy: string;
}

export interface IoFields {
  readonly what: string;
  readonly path: string;
  readonly errno: string;
  readonly hint: string;
}

/** A path or name as it may be shown: control characters visible, cut at 200 characters. */
export function quote(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return JSON.stringify(shown);
}

/** Whatever a caller gave, as a message shows it; objects may have no way to be a text. */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

export function invalidSpec({ issues }: { readonly issues: readonly Issue[] }): string {
  const list = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const [only] = list;
  if (list.length === 1 && only !== undefined) return `The spec is invalid: ${only}.`;
  return `The spec has ${String(list.length)} problems: ${list.join('; ')}.`;
}

export function syscall({ step, from, call, errno, hint }: SyscallFields): string {
  const asked = from === undefined || from === '' ? '' : ` (asked by ${from})`;
  return `Could not ${step}${asked}: ${call} failed with ${errno}; ${hint}.`;
}

export function unsupported(fields: UnsupportedFields): string {
  const { feature, neededFor, since, remedy, sentence } = plain(fields);
  return sentence ?? `This host has no ${feature}, which ${neededFor} needs (${since}); ${remedy}.`;
}

export function permission(fields: PermissionFields): string {
  const { what, missing, remedy, sentence } = plain(fields);
  return sentence ?? `Not allowed to ${what}: ${missing}; ${remedy}.`;
}

export function tool(fields: ToolFields): string {
  const { command, exitCode, stderr, package: provider, startErrno } = plain(fields);
  const line = command.join(' ');
  const [name = ''] = command;
  if (startErrno !== undefined) {
    return `Could not start ${quote(name)}: ${startErrno}; make its file executable for this user, or install it anew with "apt-get install --reinstall ${provider}".`;
  }
  if (exitCode === null && stderr === '') {
    return `Could not start ${quote(name)}: the program isn't installed; install it with "apt-get install ${provider}".`;
  }
  const end = exitCode === null ? 'was ended by a signal' : `exited with code ${String(exitCode)}`;
  const tail = stderr.trim() === '' ? 'it printed no error' : `its last words: ${stderr.trim()}`;
  return `The command "${line}" ${end}; ${tail}.`;
}

export function notFound(fields: NotFoundFields): string {
  const { what, subject, remedy, sentence } = plain(fields);
  return sentence ?? `There is no ${what} ${quote(subject)}; ${remedy}.`;
}

export function conflict({ what, subject, remedy }: NotFoundFields): string {
  return `The ${what} ${quote(subject)} is already in use; ${remedy}.`;
}

export function timeout({ what, timeoutMs }: { readonly what: string; readonly timeoutMs: number }): string {
  return `Waited ${String(timeoutMs)} ms for ${what} and gave up; allow more time or look why it hangs.`;
}

export function state({ what, state: current, remedy }: StateFields): string {
  return `Can't ${what} while ${current}; ${remedy}.`;
}

export function io({ what, path, errno, hint }: IoFields): string {
  const reason = errno === '' ? '' : `: ${errno}`;
  return `Could not ${what} ${quote(path)}${reason}; ${hint}.`;
}

export function hook({ hook: name, cause }: { readonly hook: string; readonly cause: unknown }): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  return `The ${name} hook failed: ${said}; mend the hook or remove it.`;
}
