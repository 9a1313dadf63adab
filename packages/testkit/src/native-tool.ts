/** Compiles one of the C programs in `probe/` when it is first needed, and keeps it for the next test. */
import { ToolError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const sourceDirectory = fileURLToPath(new URL('../probe', import.meta.url));
const flags = ['-std=gnu11', '-static', '-Os', '-s', '-Wall', '-Wextra', '-Werror'];

/** Host snapshots leave this directory out: it is meant to stay. */
export const cachePrefix = 'haco-testkit-cache-';

export interface NativeTool {
  readonly name: string;
  /** Files in `probe/`: what is compiled. */
  readonly sources: readonly string[];
  /** Files in `probe/`: what those include. */
  readonly headers?: readonly string[];
}

/**
 * The path of the compiled program. Synchronous: it is needed while tests are being collected, and takes a second once.
 */
export function buildNativeTool({ name, sources, headers = [] }: NativeTool): Result<string, ToolError> {
  const directory = cacheDirectory();
  const path = join(directory, `${name}-${digest([...sources, ...headers])}`);
  if (existsSync(path)) return ok(path);

  const draft = `${path}.${String(process.pid)}`;
  const command = ['gcc', ...flags, '-o', draft, ...sources.map((file) => join(sourceDirectory, file))];
  const { error, status, stderr } = spawnSync('gcc', command.slice(1), { encoding: 'utf8' });
  if (error !== undefined || status !== 0) {
    rmSync(draft, { force: true });
    return err(new ToolError({ command, exitCode: status, stderr: stderr ?? '', package: 'gcc libc6-dev' }));
  }
  chmodSync(draft, 0o755);
  // Another test process may build the same program now; with a rename nobody runs half of one.
  renameSync(draft, path);
  return ok(path);
}

function digest(files: readonly string[]): string {
  const hash = createHash('sha256').update(`${process.arch} ${flags.join(' ')}`);
  for (const file of files) hash.update(file).update(readFileSync(join(sourceDirectory, file)));
  return hash.digest('hex').slice(0, 16);
}

// Root is going to run what lies here, and anybody may write to /tmp: the directory has to be our own.
function cacheDirectory(): string {
  const uid = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `${cachePrefix}${String(uid)}`);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o022) !== 0) {
    throw new Error(
      `${directory} isn't a directory that only this user can write to; remove it and run the tests again.`,
    );
  }
  // The umask may have taken it away from the ordinary users that tests run as.
  chmodSync(directory, 0o755);
  return directory;
}
