/** Hooks of a configuration: programs that the runtime runs at certain moments, with the state on their stdin. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HookError, InvalidSpecError, issue, quote, TimeoutError, type HacoError, type Issue } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';

/** One program. */
export interface Hook {
  /** Absolute path on the host. */
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

const moments = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;

/** When a hook runs. */
export type HookMoment = (typeof moments)[number];

/** By moment, in their order. */
export type Hooks = Readonly<Partial<Record<HookMoment, readonly Hook[]>>>;

function isTexts(value: unknown): boolean {
  return (
    value === undefined ||
    (Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes('\0')))
  );
}

function problemsOf(hook: unknown, at: string): readonly Issue[] {
  if (typeof hook !== 'object' || hook === null) return [issue(at, 'must be an object')];
  const { path, args, env, timeout } = hook as Record<string, unknown>;
  return [
    ...(typeof path === 'string' && path.startsWith('/') && !path.includes('\0')
      ? []
      : [issue(`${at}.path`, 'must be an absolute path')]),
    ...(isTexts(args) ? [] : [issue(`${at}.args`, 'must be a list of strings')]),
    ...(isTexts(env) ? [] : [issue(`${at}.env`, 'must be a list of strings')]),
    ...(timeout === undefined || (typeof timeout === 'number' && timeout > 0)
      ? []
      : [issue(`${at}.timeout`, 'must be a positive number of seconds')]),
  ];
}

/** Read the field `hooks`. Errors: `invalid-spec`. */
export function readHooks(json: unknown): Result<Hooks, HacoError> {
  if (json === undefined) return ok({});
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return err(new InvalidSpecError({ issues: [issue('hooks', 'must be an object')] }));
  }
  const given = json as Readonly<Record<string, unknown>>;
  const issues = moments.flatMap((moment) => {
    const list = given[moment] ?? [];
    if (!Array.isArray(list)) return [issue(`hooks.${moment}`, 'must be a list')];
    return list.flatMap((hook, index) => problemsOf(hook, `hooks.${moment}[${String(index)}]`));
  });
  if (issues.length > 0) return err(new InvalidSpecError({ issues }));
  return ok(
    Object.fromEntries(
      moments.flatMap((moment) =>
        Array.isArray(given[moment]) && given[moment].length > 0 ? [[moment, given[moment]]] : [],
      ),
    ) as Hooks,
  );
}

/** What is kept of what a hook says. */
export const mostOutput = 4096;

/** For the last words of a hook that has ended: they are in the pipe by then, but what it has left may hold that open. */
export const drainMs = 100;

/** How a program of a hook ended. */
export interface HookEnd {
  readonly exitCode: number | null;
  /** As people read it. */
  readonly signal: string | null;
  /** It was ended because its time was up. */
  readonly late: boolean;
  /** The end of what it wrote on stderr. */
  readonly said: string;
}

/** What the end of a hook means for its container. Errors: `hook`, `timeout`. */
export function judgeEnd(
  { path, timeout = 0 }: Hook,
  moment: HookMoment,
  { exitCode, signal, late, said }: HookEnd,
): Result<void, HacoError> {
  if (late) {
    return err(new TimeoutError({ what: `the ${moment} hook ${quote(path)}`, timeoutMs: timeout * 1000 }));
  }
  if (exitCode === 0) return ok();
  const how = exitCode === null ? `it was ended by ${String(signal)}` : `it exited with code ${String(exitCode)}`;
  // What it writes is shown on somebody's terminal.
  const words = said.replace(/\p{Cc}+/gu, ' ').trim();
  const cause = words === '' ? how : `${how}: ${words}`;
  return err(new HookError({ hook: `${moment} ${quote(path)}`, cause }));
}

/** Where a hook on the host's side runs. */
export interface HookPlace {
  /** Command line that runs a program in the namespaces of the container. */
  readonly prefix?: readonly string[];
  /** Working directory. */
  readonly cwd?: string;
}

function runHook(
  hook: Hook,
  moment: HookMoment,
  state: string,
  { prefix = [], cwd }: HookPlace,
): Promise<Result<void, HacoError>> {
  const { path, args = [path], env = [], timeout } = hook;
  return new Promise((resolve) => {
    const [argv0 = path, ...rest] = args;
    const variables = Object.fromEntries(
      env.map((text) => {
        const equals = text.indexOf('=');
        return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
      }),
    );
    const [file, argv] = prefix.length === 0 ? [path, rest] : [prefix[0] ?? '', [...prefix.slice(1), path, ...rest]];
    const missing = (cause: unknown): Result<void, HacoError> =>
      err(new HookError({ hook: `${moment} ${quote(path)}`, cause }));
    let child: ChildProcessByStdio<Writable, null, Readable>;
    try {
      child = spawn(file, argv, {
        ...(prefix.length === 0 ? { argv0 } : {}),
        ...(cwd === undefined ? {} : { cwd }),
        env: variables,
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
      });
    } catch (cause) {
      // Only for a few numbers, ENOENT among them, there is an event; ENOTDIR and E2BIG are thrown.
      resolve(missing(cause));
      return;
    }
    let said = '';
    let late = false;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            // With what it has started: it leads a group of its own.
            try {
              process.kill(-(child.pid ?? 0), 'SIGKILL');
            } catch {
              child.kill('SIGKILL');
            }
          }, timeout * 1000);
    const end = (result: Result<void, HacoError>): void => {
      clearTimeout(timer);
      child.stderr.destroy();
      resolve(result);
    };
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-mostOutput)));
    const read = new Promise((done) => child.stderr.once('close', done));
    child.on('error', (error) => {
      end(missing(error));
    });
    // A hook need not read its state.
    child.stdin.on('error', () => undefined);
    child.stdin.end(state);
    child.on('exit', (exitCode, signal) => {
      clearTimeout(timer);
      void Promise.race([read, sleep(drainMs, undefined, { ref: false })]).then(() => {
        end(judgeEnd(hook, moment, { exitCode, signal, late, said }));
      });
    });
  });
}

/**
 * Run the hooks of a moment, one after the other, up to the first that fails.
 *
 * @param state - as JSON
 */
export async function runHooks(
  hooks: Hooks,
  moment: HookMoment,
  state: unknown,
  place: HookPlace = {},
): Promise<Result<void, HacoError>> {
  const text = JSON.stringify(state);
  for (const hook of hooks[moment] ?? []) {
    const done = await runHook(hook, moment, text, place);
    if (done.isErr()) return done;
  }
  return ok();
}

/** Whether there is a hook at one of these moments. */
export function hasHooks(hooks: Hooks, ...some: readonly HookMoment[]): boolean {
  return some.some((moment) => (hooks[moment] ?? []).length > 0);
}
