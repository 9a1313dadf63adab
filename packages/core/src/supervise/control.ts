/** Questions to the owner of a container: one line of JSON over a socket in its directory, one line back. */
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { IoError, PermissionError, StateError, TimeoutError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { errorFromJson, errorToJson } from './error-json.js';
import { isNeighbour } from './peer.js';

/** What an owner can be asked, by name; each gets the argument of the request. */
export type Handlers = Readonly<Record<string, (argument: unknown) => ResultAsync<unknown, HacoError>>>;

/** `sun_path` holds 108 bytes: a longer path is reached by way of an open directory. */
const longestPath = 100;
/** More than any spec. */
const limitBytes = 16 * 1024 ** 2;

interface Reached {
  readonly path: string;
  readonly close: () => void;
}

function reach(path: string): Reached {
  if (Buffer.byteLength(path) <= longestPath) return { path, close: () => undefined };
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${String(fd)}/${basename(path)}`, close: () => closeSync(fd) };
}

function failed(what: string, path: string, error: unknown): HacoError {
  const errno = (error as NodeJS.ErrnoException).code ?? '';
  return new IoError({ what, path, errno, hint: hintFor('connect', errno) });
}

/** Give the first line that arrives; undefined: the other side has closed before. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      const end = chunk.indexOf(10);
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      bytes += chunk.length;
      if (end >= 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else if (bytes > limitBytes) socket.destroy();
    });
    socket.on('end', () => resolve(undefined));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}

async function answer(socket: Socket, handlers: Handlers): Promise<void> {
  const line = await readLine(socket);
  if (line === undefined) {
    socket.destroy();
    return;
  }
  const reply = isNeighbour(socket) ? await replyTo(line, handlers) : { error: errorToJson(stranger()) };
  socket.end(`${JSON.stringify(reply)}\n`);
}

function stranger(): HacoError {
  return new PermissionError({
    what: 'ask the supervisor',
    missing: 'you are in another user or pid namespace, as what runs in a container is',
    remedy: 'ask from the host',
  });
}

async function replyTo(line: string, handlers: Handlers): Promise<unknown> {
  const refused = (state: string): unknown => ({
    error: errorToJson(
      new StateError({ what: 'ask the supervisor', state, remedy: 'use one version of haco for both' }),
    ),
  });
  try {
    const { op, argument } = JSON.parse(line) as { op?: unknown; argument?: unknown };
    const handler = typeof op === 'string' && Object.hasOwn(handlers, op) ? handlers[op] : undefined;
    if (handler === undefined) return refused('it knows no such request');
    const result = await handler(argument);
    return result.isOk() ? { value: result.value ?? null } : { error: errorToJson(result.error) };
  } catch {
    return refused('the request is no JSON');
  }
}

/** An owner that listens. */
export interface ControlServer {
  /** Stop listening, after what is being answered was answered. */
  readonly close: () => Promise<void>;
}

/** Listen. It doesn't keep the process alive. Errors: `io`. */
export function serveControl(path: string, handlers: Handlers): ResultAsync<ControlServer, HacoError> {
  rmSync(path, { force: true });
  const reached = reach(path);
  const answering = new Set<Promise<void>>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.unref();
    const one = answer(socket, handlers);
    answering.add(one);
    void one.finally(() => answering.delete(one));
  });
  const close = async (): Promise<void> => {
    server.close();
    await Promise.all(answering);
    reached.close();
  };
  return new ResultAsync(
    new Promise((resolve) => {
      server.once('error', (error) => {
        reached.close();
        resolve(err(failed('listen at', path, error)));
      });
      server.listen(reached.path, () => resolve(ok({ close })));
      server.unref();
    }),
  );
}

/** A question to an owner. */
export interface ControlRequest {
  readonly op: string;
  readonly argument?: unknown;
  /** How long the answer may take; without it, as long as it takes. */
  readonly timeoutMs?: number;
}

/**
 * Ask. Undefined: nobody listens, or the owner ended before it has answered. Errors: what the owner answers; `timeout`.
 */
export function ask(
  path: string,
  { op, argument, timeoutMs }: ControlRequest,
): ResultAsync<{ readonly value: unknown } | undefined, HacoError> {
  const perform = async (): Promise<Result<{ readonly value: unknown } | undefined, HacoError>> => {
    let reached: Reached;
    try {
      reached = reach(path);
    } catch {
      return ok(undefined);
    }
    const socket = connect({ path: reached.path });
    let late = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            socket.destroy();
          }, timeoutMs);
    socket.write(`${JSON.stringify({ op, argument })}\n`);
    const line = await readLine(socket);
    clearTimeout(timer);
    socket.destroy();
    reached.close();
    if (late) return err(new TimeoutError({ what: `the supervisor to answer "${op}"`, timeoutMs: timeoutMs ?? 0 }));
    if (line === undefined) return ok(undefined);
    try {
      const { value, error } = JSON.parse(line) as { value?: unknown; error?: unknown };
      return error === undefined ? ok({ value }) : err(errorFromJson(error));
    } catch {
      return ok(undefined);
    }
  };
  return new ResultAsync(perform());
}
