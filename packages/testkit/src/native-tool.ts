/** One of the C programs of `probe/` when it is first needed: as it was built before, or compiled here; kept for the next test. */
import { ToolError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { type NativeTool, type NativeToolName, nativeTools } from './native-tools.js';
import { prebuilt } from './prebuilt.generated.js';

const sourceDirectory = fileURLToPath(new URL('../probe', import.meta.url));
const flags = ['-std=gnu11', '-static', '-Os', '-s', '-Wall', '-Wextra', '-Werror'];

/** Host snapshots leave this directory out: it is meant to stay. */
export const cachePrefix = 'haco-testkit-cache-';

/**
 * The path of the program. Synchronous: it is needed while tests are being collected, and takes a second once where it has to be
 * compiled, which is so when its sources have changed since `npm run native`, and on other machines than x64.
 */
export function nativeTool(name: NativeToolName): Result<string, ToolError> {
  const digest = sourceDigest(name);
  const path = join(cacheDirectory(), `${name}-${process.arch}-${digest}`);
  if (existsSync(path)) return ok(path);
  const draft = `${path}.${String(process.pid)}`;
  const built = prebuilt[name];
  if (process.arch === 'x64' && built.sources === digest) {
    writeFileSync(draft, brotliDecompressSync(Buffer.from(built.brotli, 'base64')));
  } else {
    const failure = compile('gcc', name, draft);
    if (failure !== undefined) return err(failure);
  }
  chmodSync(draft, 0o755);
  // Another test process may make the same program now; with a rename nobody runs half of one.
  renameSync(draft, path);
  return ok(path);
}

/** Compile it to a path, with flags besides its own; undefined when that worked. */
export function compile(
  compiler: string,
  name: NativeToolName,
  path: string,
  more: readonly string[] = [],
): ToolError | undefined {
  const { sources } = nativeTools[name];
  const command = [compiler, ...flags, ...more, '-o', path, ...sources.map((file) => join(sourceDirectory, file))];
  const { error, status, stderr } = spawnSync(compiler, command.slice(1), { encoding: 'utf8' });
  if (error === undefined && status === 0) return undefined;
  rmSync(path, { force: true });
  return new ToolError({ command, exitCode: status, stderr: stderr ?? '', package: 'gcc libc6-dev' });
}

/** SHA-256 over what it is made of, cut to 16 hex digits. */
export function sourceDigest(name: NativeToolName): string {
  const tool: NativeTool = nativeTools[name];
  const hash = createHash('sha256').update(flags.join(' '));
  for (const file of [...tool.sources, ...(tool.headers ?? [])]) {
    hash.update(file).update(readFileSync(join(sourceDirectory, file)));
  }
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
