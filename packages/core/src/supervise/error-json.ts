/** Errors on their way between processes: the same kind, the same fields, the same sentence on the other side. */
import {
  ConflictError,
  HookError,
  InvalidSpecError,
  IoError,
  NotFoundError,
  PermissionError,
  StateError,
  SyscallError,
  TimeoutError,
  ToolError,
  UnsupportedError,
  type HacoError,
} from '@haco/plan';

/** An error as JSON. */
export function errorToJson(error: HacoError): unknown {
  const { name: _name, cleanup, ...fields } = error;
  const cause =
    error.kind === 'hook' ? { cause: String(error.cause instanceof Error ? error.cause.message : error.cause) } : {};
  return { ...fields, ...cause, message: error.message, cleanup: cleanup.map(errorToJson) };
}

type Fields = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

function revive(fields: Fields, sentence: string): HacoError {
  const [what, subject, remedy] = [text(fields['what']), text(fields['subject']), text(fields['remedy'])];
  switch (fields['kind']) {
    case 'invalid-spec':
      return new InvalidSpecError({
        issues: list(fields['issues']).map((one) => {
          const { path, message } = (one ?? {}) as Fields;
          return { path: text(path), message: text(message) };
        }),
      });
    case 'syscall':
      return new SyscallError({
        step: text(fields['step']),
        stepId: text(fields['stepId']),
        from: text(fields['from']),
        call: text(fields['call']),
        syscall: text(fields['syscall']),
        errno: text(fields['errno']),
        hint: text(fields['hint']),
      });
    case 'unsupported':
      return new UnsupportedError({
        feature: text(fields['feature']),
        neededFor: text(fields['neededFor']),
        since: text(fields['since']),
        remedy,
        sentence,
      });
    case 'permission':
      return new PermissionError({ what, missing: text(fields['missing']), remedy, sentence });
    case 'tool':
      return new ToolError({
        command: list(fields['command']).map(text),
        exitCode: typeof fields['exitCode'] === 'number' ? fields['exitCode'] : null,
        stderr: text(fields['stderr']),
        package: text(fields['package']),
      });
    case 'not-found':
      return new NotFoundError({ what, subject, remedy, sentence });
    case 'conflict':
      return new ConflictError({ what, subject, remedy });
    case 'timeout':
      return new TimeoutError({ what, timeoutMs: count(fields['timeoutMs']) });
    case 'state':
      return new StateError({ what, state: text(fields['state']), remedy });
    case 'hook':
      return new HookError({ hook: text(fields['hook']), cause: text(fields['cause']) });
    default:
      return new IoError({
        what,
        path: text(fields['path']),
        errno: text(fields['errno']),
        hint: text(fields['hint']),
      });
  }
}

/** An error from JSON. What isn't one becomes an `io` error that shows it. */
export function errorFromJson(json: unknown): HacoError {
  const fields: Fields = typeof json === 'object' && json !== null ? (json as Fields) : {};
  const error = revive(fields, text(fields['message']));
  // A sentence that was made for the occasion is not made again from the fields.
  if (text(fields['message']) !== '') error.message = text(fields['message']);
  error.cleanup = list(fields['cleanup']).map(errorFromJson);
  return error;
}
