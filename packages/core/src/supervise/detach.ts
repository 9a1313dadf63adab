/** The work of `detach()`: a supervisor of its own for the container, which outlives this program and its terminal. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from 'neverthrow';
import { InvalidSpecError, IoError, issue, NotFoundError, StateError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { builtInParts } from '../parts.js';
import { makeUpName } from '../start/made-up-name.js';
import type { StartInput } from '../start/start-input.js';
import { look } from '../state/collect.js';
import { lockDirectory } from '../state/lock-directory.js';
import { releaseLock } from '../state/lock.js';
import { reserve, type Reservation } from '../state/reserve.js';
import type { ContainerDirectory } from '../state/directory.js';
import { makeStateDirectory } from '../state/root.js';
import type { DetachOptions } from './detach-options.js';
import { errorFromJson } from './error-json.js';
import { liveIssues } from './live-values.js';
import { ManagedContainer } from './managed-container.js';
import { requestPath, writeRequest } from './request.js';

/** A supervisor needs little memory, and gives back what it doesn't need. */
const lean = ['--max-semi-space-size=1', '--max-old-space-size=96', '--no-warnings'];

/** The program of supervisors: beside this file, built or as source, else beside the library; `HACO_SUPERVISOR` says where else. */
function supervisorProgram(): Result<readonly string[], HacoError> {
  const given = process.env['HACO_SUPERVISOR'];
  const isSource = import.meta.url.endsWith('.ts');
  const here = fileURLToPath(new URL(isSource ? './main.ts' : './supervisor.js', import.meta.url));
  const path = given ?? (existsSync(here) ? here : (besideLibrary() ?? here));
  if (!existsSync(path)) {
    const remedy = 'a bundler has left it out; set HACO_SUPERVISOR to dist/supervisor.js of @haco/core';
    return err(new NotFoundError({ what: 'program of the supervisor', subject: path, remedy }));
  }
  if (given !== undefined || !isSource) return ok([...lean, path]);
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return ok([...lean, '--conditions=@haco/source', '--import', tsx, path]);
}

/** For code that was bundled into a program which depends on the library besides, as the command line does. */
function besideLibrary(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@haco/core')), 'supervisor.js');
  } catch {
    return undefined;
  }
}

/** Everything that a supervisor can't be told. */
function refuse({ parts, spec }: StartInput, { definition }: DetachOptions): HacoError | undefined {
  if (definition !== undefined) return undefined;
  const foreign = parts.filter((part) => !builtInParts.includes(part)).map(({ key }) => key);
  const issues = [
    ...liveIssues(spec),
    ...foreign.map((key) =>
      issue(
        key,
        'is a part of a third party; put the container into a definition and say detach({ definition: path })',
      ),
    ),
  ];
  return issues.length === 0 ? undefined : new InvalidSpecError({ issues });
}

function definitionPath(definition: string | URL): string {
  const text = String(definition);
  return text.startsWith('file:') ? fileURLToPath(text) : resolve(text);
}

interface Report {
  readonly ok?: boolean;
  readonly error?: unknown;
}

/** What the supervisor says once the container runs; undefined: it has ended before. */
async function readReport(stream: Readable): Promise<Report | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Report;
  } catch {
    return undefined;
  }
}

function lastWords(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-5).join(' ').slice(-500);
  } catch {
    return '';
  }
}

/** Start the supervisor with the lock of the container, and wait until the container runs. */
async function startSupervisor({ directory, lock }: Reservation): Promise<Result<void, HacoError>> {
  const program = supervisorProgram();
  if (program.isErr()) return err(program.error);
  const errors = openSync(directory.errorPath, 'a', 0o600);
  const child = spawn(process.execPath, [...program.value, directory.root, directory.name], {
    // A session of its own: no signal of this terminal reaches it.
    detached: true,
    stdio: ['ignore', errors, errors, lock, 'pipe'],
  });
  closeSync(errors);
  const failed = new Promise<HacoError>((settle) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const errno = error.code ?? '';
      settle(
        new IoError({ what: 'start the supervisor', path: process.execPath, errno, hint: hintFor('execve', errno) }),
      );
    });
  });
  const stream = child.stdio[4] as Readable;
  const report = await Promise.race([failed, readReport(stream)]);
  stream.destroy();
  child.unref();
  if (report instanceof Error) return err(report);
  if (report?.ok === true) return ok();
  if (report?.error !== undefined) return err(errorFromJson(report.error));
  const said = lastWords(directory.errorPath);
  const hint = said === '' ? 'it was killed before the container ran' : `its last words: ${said}`;
  return err(new IoError({ what: 'start the supervisor of', path: directory.name, errno: '', hint }));
}

/** Start a container that goes on without this program. */
export async function detach(input: StartInput, options: DetachOptions): Promise<Result<ManagedContainer, HacoError>> {
  const refused = refuse(input, options);
  if (refused !== undefined) return err(refused);
  const root = makeStateDirectory(options);
  if (root.isErr()) return err(root.error);
  const name = input.spec.identity.name ?? makeUpName();
  const reserved = await reserve(root.value, name, options.replace === true);
  if (reserved.isErr()) return err(reserved.error);
  const { directory, lock } = reserved.value;
  const spec = { ...input.spec, identity: { ...input.spec.identity, name } };
  try {
    writeRequest(directory, {
      spec: JSON.parse(JSON.stringify(spec)) as Readonly<Record<string, unknown>>,
      autoRemove: options.autoRemove === true,
      ready: options.ready === true,
      ...(options.definition === undefined ? {} : { definition: definitionPath(options.definition) }),
      ...(options.args === undefined ? {} : { args: options.args }),
      ...(options.pidFile === undefined ? {} : { pidFile: resolve(options.pidFile) }),
    });
    const started = await startSupervisor(reserved.value);
    if (started.isOk()) {
      closeSync(lock);
      return ok(new ManagedContainer(directory, { parts: input.parts.filter((part) => !builtInParts.includes(part)) }));
    }
    return err(await afterFailure(reserved.value, started.error));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const failed = new IoError({ what: 'prepare', path: directory.path, errno, hint: hintFor('openat', errno) });
    return err(await afterFailure(reserved.value, failed));
  }
}

/**
 * Start a container again that was detached and has ended, as it was asked for then.
 *
 * Errors: `state`, when it hasn't ended, or wasn't detached; else as `detach()`.
 */
export async function detachAgain(directory: ContainerDirectory): Promise<Result<void, HacoError>> {
  const what = `start the container ${directory.name} again`;
  const lock = lockDirectory(directory);
  if (lock.isErr()) return err(lock.error);
  if (lock.value === undefined) {
    return err(new StateError({ what, state: 'it runs, or is being made', remedy: 'stop() it first' }));
  }
  if (!existsSync(requestPath(directory))) {
    releaseLock(lock.value);
    return err(new StateError({ what, state: 'nobody knows how it was started', remedy: 'detach() a new one' }));
  }
  const started = await startSupervisor({ directory, lock: lock.value });
  if (started.isErr()) releaseLock(lock.value);
  else closeSync(lock.value);
  return started;
}

/** The supervisor has removed everything, unless it was killed; then it is removed here. */
async function afterFailure({ directory, lock }: Reservation, error: HacoError): Promise<HacoError> {
  releaseLock(lock);
  const looked = await look(directory);
  if (looked.isErr()) error.cleanup = [looked.error];
  return error;
}
