/** The launcher as something that can be executed: a sealed memory file, or a private file where the host forbids these. */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { errnoName } from '../errno.js';
import { randomHex } from '../late-builtins.js';
import { libc } from '../libc.js';
import { unsupportedProcess } from '../supported.js';
import { launcherBinaries } from './binary.generated.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
const withoutExec = 0x0f; // SEAL, SHRINK, GROW, WRITE
const allSeals = withoutExec | 0x20; // and (since 6.3) EXEC: the mode can't change either

/** SHA-256 of the launcher that this package carries for an architecture (as `process.arch` has it), in hex; undefined: it has none. */
export function launcherSha256(arch: string = process.arch): string | undefined {
  return arch === 'x64' || arch === 'arm64' ? launcherBinaries[arch].sha256 : undefined;
}

let image: { readonly path: string } | undefined;

/**
 * Path under which the launcher can be executed by this process's children. Made once per process.
 *
 * The memory file is sealed: what enters a container can't be overwritten from there through /proc/self/exe (CVE-2019-5736).
 * `HACO_INIT` names another executable, for distributions that build it themselves.
 */
export function launcherPath(): Result<string, HacoError> {
  const override = process.env['HACO_INIT'];
  if (override !== undefined && override !== '') return ok(override);
  if (image !== undefined) return ok(image.path);
  const unsupported = unsupportedProcess();
  if (unsupported !== undefined) return err(unsupported);
  const bytes = Buffer.from(launcherBinaries[process.arch === 'arm64' ? 'arm64' : 'x64'].base64, 'base64');
  return sealedMemory(bytes)
    .orElse(() => privateFile(bytes))
    .map((path) => {
      image = { path };
      return path;
    });
}

function sealedMemory(bytes: Buffer): Result<string, string> {
  const c = libc();
  // MFD_EXEC is unknown before 6.3 (EINVAL), and needed where vm.memfd_noexec is 1.
  let fd = c.memfd_create('haco-init', MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (fd < 0) fd = c.memfd_create('haco-init', MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return err(errnoName(c.errno()));
  try {
    writeSync(fd, bytes);
    fchmodSync(fd, 0o555);
  } catch (error) {
    c.close(fd);
    return err(error instanceof Error ? error.message : String(error));
  }
  // Before 6.3 F_SEAL_EXEC is unknown: the other four are what keeps the bytes as they are.
  if (c.fcntl(fd, F_ADD_SEALS, allSeals) < 0 && c.fcntl(fd, F_ADD_SEALS, withoutExec) < 0) {
    const errno = errnoName(c.errno());
    c.close(fd);
    return err(errno);
  }
  return ok(`/proc/self/fd/${String(fd)}`);
}

/** Where vm.memfd_noexec is 2: a file that only this user can reach, opened and then unlinked, checked after writing. */
function privateFile(bytes: Buffer): Result<string, HacoError> {
  // One that is relative, or empty, counts as not set (XDG Base Directory Specification): it would be the working directory.
  const candidates = [process.env['XDG_RUNTIME_DIR'] ?? '', '/run', tmpdir()].filter((dir) => isAbsolute(dir));
  const reasons: string[] = [];
  for (const base of candidates) {
    const directory = join(base, `haco-init-${randomHex(8)}`);
    try {
      mkdirSync(directory, { mode: 0o700 });
      try {
        const file = join(directory, 'haco-init');
        const writable = openSync(file, 'wx', 0o500);
        writeSync(writable, bytes);
        fsyncSync(writable);
        closeSync(writable);
        const fd = openSync(file, 'r');
        const written = Buffer.alloc(bytes.length);
        readSync(fd, written, 0, written.length, 0);
        const path = `/proc/self/fd/${String(fd)}`;
        const problem = sha256(written) === sha256(bytes) ? notExecutable(path) : 'it was changed meanwhile';
        if (problem === undefined) return ok(path);
        closeSync(fd);
        reasons.push(`${base}: ${problem}`);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    } catch (error) {
      reasons.push(`${base}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return err(
    new IoError({
      what: 'store the launcher in',
      path: candidates.join(', '),
      errno: '',
      hint: `memory files may not be executed here (sysctl vm.memfd_noexec) and no directory takes it: ${reasons.join(', ')}; set XDG_RUNTIME_DIR to a writable directory that is not mounted noexec`,
    }),
  );
}

/** Why a file may not be run: many a /run is mounted noexec, of which access(2) knows. */
function notExecutable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 'it is mounted noexec';
  }
}

function sha256(bytes: Buffer): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('hex');
}
