/** The program criu: where it is, how it is called, and what its log says when it fails. */
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { PermissionError, ToolError, type HacoError } from '@haco/plan';
import { defaultPath } from '../process/section.js';
import type { CriuOptions } from './section.js';

/** Debian package. */
const provider = 'criu';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of the program. Errors: `tool`, when there is none; `permission`, when this user may not use it. */
export function findCriu({ criu }: CriuOptions): Result<string, HacoError> {
  const given = process.env['HACO_CRIU'];
  const name = criu ?? (given === undefined || given === '' ? 'criu' : given);
  const path = `${process.env['PATH'] ?? ''}:${defaultPath}`;
  const places = name.includes('/') ? [name] : path.split(':').flatMap((dir) => (dir === '' ? [] : [join(dir, name)]));
  const found = places.find(isProgram);
  if (found === undefined) {
    return err(new ToolError({ command: [name], exitCode: null, stderr: '', package: provider }));
  }
  if (process.geteuid?.() === 0) return ok(found);
  return err(
    new PermissionError({
      what: 'save or restore processes',
      missing: 'CRIU needs root',
      remedy: 'run it with sudo',
    }),
  );
}

/** What every call begins with after the command. */
export function commonArguments({ tcpEstablished, actionScripts = [], logLevel = 2 }: CriuOptions): readonly string[] {
  return [
    `-v${String(logLevel)}`,
    // Groups are haco's own business: processes come back in the group that was made for them.
    '--manage-cgroups=ignore',
    '--file-locks',
    ...(tcpEstablished === true ? ['--tcp-established'] : []),
    ...actionScripts.flatMap((script) => ['--action-script', script]),
  ];
}

/** Said without CAP_SYS_RESOURCE, and where the groups allow no tun device; and by a helper at the end of each restore that fails. */
const harmless = /rlimit: Can't setup RLIMIT_NOFILE for self|tun: Unable to create tun|cgroupd: recv req error/;
const mostLines = 4;

/** Causes that the log doesn't name. */
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /vdso: Unexpected rt vDSO area bounds|vdso: Failed to fill self vdso symtable/,
    'this CRIU is older than the kernel: Linux 6.13 and later need CRIU 4.1; name a newer one with HACO_CRIU',
  ],
  [/Connected TCP socket|tcp.*--tcp-established/i, 'it has TCP connections; say tcpEstablished to keep them'],
  [
    /Can't restore file pos: Illegal seek/,
    'a stream that led to a file must lead to a file again; say stdout({ file }), or stdin({ file })',
  ],
  [
    /sockets: Can't get 1:(?:16|34) opt: Operation not supported/,
    'this CRIU is older than the kernel: for sockets, Linux 6.16 and later need CRIU 4.2; name a newer one with HACO_CRIU',
  ],
  [
    /has bad size \d+ \(expect/,
    'a file that was open has been changed since; restore it beside the files of that moment',
  ],
  [
    /Can't get rlimit \d+: Operation not permitted/,
    "root has no CAP_SYS_RESOURCE here, without which processes of other users can't be saved",
  ],
  [/Found a shell job|tty: Found slave peer/, 'it uses a terminal of the host'],
];

/** The errors of a log, without the times and places in CRIU's sources. */
export function lastErrors(log: string): string {
  const errors = log
    .split('\n')
    .filter((line) => /Error|error/.test(line) && !harmless.test(line))
    .map((line) =>
      line
        .replace(/^\(\d+\.\d+\)\s*/, '')
        .replace(/^(?:pie: \d+: |\s*\d+: )?Error \([^)]*\): */, '')
        .trim(),
    );
  const said = errors.slice(0, mostLines).join('; ');
  const cause = causes.find(([pattern]) => pattern.test(log))?.[1];
  return cause === undefined ? said : `${said} (${cause})`;
}

function textOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The error of a call that has failed. */
export function criuError(command: readonly string[], exitCode: number | null, logs: readonly string[]): ToolError {
  const stderr = lastErrors(logs.map(textOr).join('\n'));
  // The whole line would hide what it says.
  return new ToolError({ command: command.slice(0, 2), exitCode, stderr, package: provider });
}

/** What {@link runCriu} is told besides the command. */
export interface CriuRun {
  /** The log that it writes. */
  readonly log: string;
  readonly signal?: AbortSignal | undefined;
}

/** Run it and wait for its end. Errors: `tool`. */
export function runCriu(command: readonly string[], { log, signal }: CriuRun): Promise<Result<void, HacoError>> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4000);
    });
    // What it says of an abort comes with the end, too.
    child.on('error', () => undefined);
    child.on('close', (exitCode) => {
      if (exitCode === 0) {
        resolve(ok());
        return;
      }
      const said = lastErrors(`${textOr(log)}\n${stderr}`);
      const failure = { command: command.slice(0, 2), exitCode, stderr: said, package: provider };
      resolve(err(new ToolError(signal?.aborted === true ? { ...failure, stderr: 'it was aborted' } : failure)));
    });
  });
}
