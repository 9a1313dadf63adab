/** A command as the bytes that a parked container waits for: pointers first, then what they point to, at its place in memory. */
import { err, ok, type Result } from 'neverthrow';
import { InvalidSpecError, issue, quote } from '@haco/plan';
import { candidates } from '../process/candidates.js';
import { environment } from '../process/exec.js';
import { parkedAddress, parkedBytes, parkedPaths, requestBytes, requestWords } from '../process/parked.js';
import type { ProcessSection } from '../process/section.js';

function problem(path: string, message: string): Result<never, InvalidSpecError> {
  return err(new InvalidSpecError({ issues: [issue(path, message)] }));
}

const kib = (bytes: number): string => `${String(Math.ceil(bytes / 1024))} KiB`;

/** Where each of these strings lies, and the size of all, when they begin at `from`. */
function placesOf(texts: readonly string[], from: number): { readonly at: readonly number[]; readonly end: number } {
  const at: number[] = [];
  let end = from;
  for (const text of texts) {
    at.push(end);
    end += Buffer.byteLength(text) + 1;
  }
  return { at, end };
}

/**
 * The request that runs the command of `section`.
 *
 * Errors: `invalid-spec`, when there is no command, or more than a parked container takes.
 */
export function encodeRequest(section: ProcessSection): Result<Buffer, InvalidSpecError> {
  const { command } = section;
  if (command === undefined) {
    return problem('process.command', 'is missing; name it in run(), or in the builder of the pool');
  }
  const paths = candidates(section).map(({ path }) => path);
  if (paths.length > parkedPaths) {
    const count = `${String(paths.length)} directories, a pool looks in ${String(parkedPaths)} at most`;
    return problem('process.env.PATH', `has ${count}; give the path of ${quote(command.file)}`);
  }
  const argv = [command.file, ...command.args];
  const envp = environment(section);
  // Both tables, each with its NULL at the end, come first: they are aligned then.
  const envpAt = (argv.length + 1) * 8;
  const { at, end } = placesOf([...argv, ...envp, ...paths], envpAt + (envp.length + 1) * 8);
  if (end > parkedBytes) {
    const size = `${kib(end)} together with its environment, a pool takes ${kib(parkedBytes)}`;
    return problem('process.command', `has ${size}; send what is long by stdin`);
  }
  // Zeroed: every NUL is there.
  const bytes = Buffer.alloc(requestBytes + end);
  const point = (field: number, to: number): void => {
    bytes.writeUInt32LE(parkedAddress + to, field);
  };
  const pathAt = at.slice(argv.length + envp.length);
  point(requestWords.argv * 4, 0);
  point(requestWords.envp * 4, envpAt);
  for (let i = 0; i < parkedPaths; i++) point((requestWords.paths + i) * 4, pathAt[i] ?? pathAt.at(-1) ?? 0);
  argv.forEach((_, i) => point(requestBytes + i * 8, at[i] ?? 0));
  envp.forEach((_, i) => point(requestBytes + envpAt + i * 8, at[argv.length + i] ?? 0));
  [...argv, ...envp, ...paths].forEach((text, i) => bytes.write(text, requestBytes + (at[i] ?? 0)));
  return ok(bytes);
}
