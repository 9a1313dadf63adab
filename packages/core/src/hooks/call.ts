/** Calls hooks: one after the other, each with its time, its context, and its failure. */
import { err, ok, type Result } from 'neverthrow';
import { HookError, type HacoError } from '@haco/plan';
import { log } from '../log.js';
import { halfMade, type HalfMade } from './half-made.js';
import type { HookPoint } from './points.js';
import { hookPoints } from './points.js';
import type { Spec } from '../spec.js';
import { hookName, type HookContext, type HookEntry, type HooksSection } from './section.js';

/** What all hooks of one moment are told. */
export interface HookCall extends HalfMade {
  readonly rootfs: string | undefined;
  readonly values: Map<string, unknown>;
  readonly signal: AbortSignal;
  /** What its definition says now, where that isn't what it was started with. */
  readonly spec?: Spec;
  /** Runs commands in it once it is complete; without it, it is joined as it is at this moment. */
  readonly run?: HookContext['run'];
  readonly outcome?: HookContext['outcome'];
  readonly error?: HacoError;
}

/** Call the hooks of a point. The first fatal one that fails ends it; other failures are warnings. */
export async function callHooks(
  section: HooksSection,
  point: HookPoint,
  call: HookCall,
): Promise<Result<void, HacoError>> {
  for (const entry of section.hooks) {
    if (entry.point !== point) continue;
    const failed = await callHook(entry, call);
    if (failed === undefined) continue;
    const error = new HookError({ hook: hookName(section, entry), cause: failed.cause });
    if (entry.fatal ?? hookPoints[point].fatal) return err(error);
    log(call.input.runtime, { container: call.name, level: 'warning', message: error.message });
  }
  return ok();
}

interface Failed {
  readonly cause: unknown;
}

async function callHook(entry: HookEntry, call: HookCall): Promise<Failed | undefined> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  call.signal.addEventListener('abort', stop);
  if (call.signal.aborted) stop();
  let timer: NodeJS.Timeout | undefined;
  const inside = call.run === undefined ? halfMade(call) : { run: call.run, close: () => undefined };
  try {
    const called = (async (): Promise<Failed | undefined> => {
      const returned = await entry.run.value(contextOf(entry.point, call, over.signal, inside.run));
      return isErr(returned) ? { cause: returned.error } : undefined;
    })();
    const { timeoutMs } = entry;
    if (timeoutMs === undefined) return await called;
    const late = new Promise<Failed>((resolve) => {
      timer = setTimeout(() => resolve({ cause: new Error(`it took longer than ${String(timeoutMs)} ms`) }), timeoutMs);
    });
    return await Promise.race([called, late]);
  } catch (cause) {
    return { cause };
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', stop);
    stop();
    inside.close();
  }
}

function isErr(value: unknown): value is { readonly error: unknown } {
  return typeof value === 'object' && value !== null && 'isErr' in value && (value as Result<unknown, unknown>).isErr();
}

function contextOf(point: HookPoint, call: HookCall, signal: AbortSignal, run: HookContext['run']): HookContext {
  const { name, input, pid, rootfs, values, outcome, error, spec = input.spec } = call;
  return {
    point,
    name,
    spec,
    pid,
    rootfs,
    metadata: spec.identity.metadata,
    shared: values,
    outcome,
    error,
    signal,
    run,
    log: (message) => log(input.runtime, { container: name, level: 'info', message: String(message) }),
  };
}
