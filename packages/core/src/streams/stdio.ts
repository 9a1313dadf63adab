/** The three standard streams of a start: which descriptors the container gets, and what Node keeps of them. */
import { ftruncateSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { err, ok, type Result } from 'neverthrow';
import { Live, IoError, type HacoError } from '@haco/plan';
import { hintFor, makePipe, type Launch } from '@haco/sys';
import type { ProcessSection, StdioSpec } from '../process/section.js';
import { closeFile, closeQuietly, devNull, openFile, removeCreated, type CreatedFile } from './descriptors.js';

/** The descriptor that the container gets, and what is left with Node. */
interface Prepared {
  readonly theirs: number;
  /** Close `theirs` in Node once the container has it. */
  readonly closeTheirs: boolean;
  /** Node's end of a pipe. */
  readonly ours?: number;
  /** What to connect Node's end with. */
  readonly connect?: Readable | Writable | Buffer;
  /** Path of a file whose content the output replaces; as it was until now. */
  readonly replaces?: string;
  /** The file was made for this start. */
  readonly created?: CreatedFile;
}

/** The standard streams before the start. */
export interface PreparedStdio {
  readonly stdin: Prepared;
  readonly stdout: Prepared;
  readonly stderr: Prepared;
}

const prepared = (theirs: number, closeTheirs: boolean): Prepared => ({ theirs, closeTheirs });

function pipe(direction: 'in' | 'out', connect?: Prepared['connect']): Result<Prepared, HacoError> {
  return makePipe('make a pipe for a standard stream').map(({ read, write }) => ({
    theirs: direction === 'in' ? read : write,
    ours: direction === 'in' ? write : read,
    closeTheirs: true,
    ...(connect === undefined ? {} : { connect }),
  }));
}

function prepareOne(spec: StdioSpec, number: 0 | 1 | 2): Result<Prepared, HacoError> {
  const direction = number === 0 ? 'in' : 'out';
  if (spec === 'null') return ok(prepared(devNull(), false));
  if (spec === 'inherit') return ok(prepared(number, false));
  if (spec === 'pipe') return pipe(direction);
  if (spec instanceof Live) return pipe(direction, spec.value);
  if ('fd' in spec) return ok(prepared(spec.fd, false));
  if ('text' in spec) return pipe(direction, Buffer.from(spec.text));
  if ('base64' in spec) return pipe(direction, Buffer.from(spec.base64, 'base64'));
  const mode = number === 0 ? 'read' : spec.append === true ? 'append' : 'write';
  return openFile(spec.file, mode).map(({ fd, ...opened }) => ({
    ...prepared(fd, true),
    ...opened,
    ...(mode === 'write' ? { replaces: spec.file } : {}),
  }));
}

/** Close the end that the container gets: of a pipe, or a file. */
function closeTheirsOf({ theirs, closeTheirs: isOurs, ours }: Prepared): void {
  if (isOurs) (ours === undefined ? closeFile : closeQuietly)(theirs);
}

/** Close everything of streams that will not be used. */
export function discard(streams: readonly Prepared[]): void {
  for (const stream of streams) {
    closeTheirsOf(stream);
    if (stream.ours !== undefined) closeQuietly(stream.ours);
  }
}

/** Whether the output replaces what is in a file. */
export function replacesFiles({ stdout, stderr }: PreparedStdio): boolean {
  return stdout.replaces !== undefined || stderr.replaces !== undefined;
}

/** Empty the files that the output replaces, where no step of a plan does it. */
export function emptyReplaced({ stdout, stderr }: PreparedStdio): Result<void, HacoError> {
  for (const { theirs, replaces: path } of [stdout, stderr]) {
    if (path === undefined) continue;
    try {
      ftruncateSync(theirs);
    } catch (error) {
      const { code: errno = '' } = error as NodeJS.ErrnoException;
      // EINVAL: a device or a fifo, which has nothing to empty.
      if (errno !== 'EINVAL')
        return err(new IoError({ what: 'empty', path, errno, hint: hintFor('ftruncate', errno) }));
    }
  }
  return ok();
}

function removeCreatedFor(streams: readonly Prepared[]): void {
  for (const { created } of streams) if (created !== undefined) removeCreated(created);
}

/** When no command has run, the files that were made for its output go. */
export function removeUnused({ stdout, stderr }: PreparedStdio, { started }: Pick<Launch, 'started'>): void {
  if (stdout.created === undefined && stderr.created === undefined) return;
  // Before anybody hears of the failure: who waits for it has asked later.
  void started.then((result) => result.isErr() && removeCreatedFor([stdout, stderr]));
}

/** The launch has not even begun: nothing of the streams is left. */
export function giveUp({ stdin, stdout, stderr }: PreparedStdio): void {
  discard([stdin, stdout, stderr]);
  removeCreatedFor([stdout, stderr]);
}

/** Make the descriptors. `stdin` is what an unset stdin means. */
export function prepareStdio(section: ProcessSection, stdin: StdioSpec): Result<PreparedStdio, HacoError> {
  const made: Prepared[] = [];
  for (const [number, spec] of [section.stdin ?? stdin, section.stdout ?? 'pipe', section.stderr ?? 'pipe'].entries()) {
    const one = prepareOne(spec, number as 0 | 1 | 2);
    if (one.isErr()) {
      discard(made);
      removeCreatedFor(made);
      return err(one.error);
    }
    made.push(one.value);
  }
  const [first, second, third] = made as [Prepared, Prepared, Prepared];
  return ok({ stdin: first, stdout: second, stderr: third });
}

/** The container has its copies: close ours. */
export function closeTheirs({ stdin, stdout, stderr }: PreparedStdio): void {
  for (const stream of [stdin, stdout, stderr]) closeTheirsOf(stream);
}

/** Small input fits into the pipe at once: no socket, no event. */
const pipeCapacity = 65_536;

/** Node's end of stdin. */
export interface Input {
  /** The caller's to write to; null when something else feeds it. */
  readonly stream: Writable | null;
  /** The container has ended: nobody reads any more. */
  readonly close: () => void;
}

/** Nothing of stdin is Node's. */
const noInput: Input = { stream: null, close: () => undefined };

/** Called when a stream that the caller gave fails. */
export type StreamFailed = (error: HacoError) => void;

function streamError(what: string, stream: string, error: Error): IoError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new IoError({ what, path: stream, errno: code, hint: `the stream that was given says: ${message}` });
}

/** Open Node's end of stdin: it feeds what was given, or is the caller's to write to. */
export function openInput({ ours, connect }: Prepared, failed: StreamFailed): Input {
  if (ours === undefined) return noInput;
  if (Buffer.isBuffer(connect) && connect.length <= pipeCapacity) {
    try {
      if (connect.length > 0) writeSync(ours, connect);
    } catch {
      // EPIPE: the command reads no input and has ended.
    }
    closeQuietly(ours);
    return noInput;
  }
  const socket = new Socket({ fd: ours, readable: false, writable: true });
  // EPIPE: the command stopped reading; that is its business, and its exit code says what it thinks of it.
  socket.on('error', () => undefined);
  if (connect === undefined) return { stream: socket, close: () => socket.destroy() };
  if (Buffer.isBuffer(connect)) {
    socket.end(connect);
    return { stream: null, close: () => socket.destroy() };
  }
  const source = connect as Readable;
  const onError = (error: Error): void => failed(streamError('read the input from', 'stdin', error));
  source.on('error', onError).pipe(socket);
  // A stream that has failed before says so to nobody any more.
  if (source.errored !== null) onError(source.errored);
  return {
    stream: null,
    close: () => {
      source.unpipe(socket).off('error', onError);
      socket.destroy();
    },
  };
}

/** How long a pipe that orphans hold open may stay silent after the container has ended. */
const orphanMs = 250;

/** Feed the caller's stream, with back-pressure; the function waits, after the end of the container, until it has everything. */
export function connectOutput({ ours, connect }: Prepared, failed: StreamFailed): (() => Promise<void>) | undefined {
  if (ours === undefined || connect === undefined || Buffer.isBuffer(connect)) return undefined;
  const target = connect as Writable;
  const socket = new Socket({ fd: ours, readable: true, writable: false });
  const onError = (error: Error): void => failed(streamError('write the output to', 'stdout or stderr', error));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  target.on('error', onError);
  socket.pipe(target, { end: false });
  if (target.errored !== null) onError(target.errored);
  return async () => {
    let seen = -1;
    const timer = setInterval(() => {
      // Silent, and not because the target takes its time.
      if (target.destroyed || (socket.bytesRead === seen && !target.writableNeedDrain)) socket.destroy();
      seen = socket.bytesRead;
    }, orphanMs);
    await closed;
    clearInterval(timer);
    target.off('error', onError);
  };
}

/** Node's end of an output that is the caller's to read. */
export function openOutput({ ours, connect }: Prepared): Readable | null {
  if (ours === undefined || connect !== undefined) return null;
  const socket = new Socket({ fd: ours, readable: true, writable: false });
  socket.on('error', () => undefined);
  return socket;
}
