/** Runs a program to its end and returns all that it said. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment; inherited when left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
  readonly gid?: number;
  /** Text for its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Killed with SIGKILL after this time; 60 seconds when left out, so that a test never hangs on a stray program. */
  readonly timeoutMs?: number;
}

export interface Finished {
  /** Null when it was ended by a signal. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects only when the program can't be started; any exit code is an answer. */
export function runCommand(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [file, ...args] = command;
  if (file === undefined) throw new TypeError('The command is empty.');
  const { input = '', timeoutMs = 60_000, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...rest, stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // A program that doesn't read its input closes the pipe early; that is no failure.
    child.stdin.on('error', () => undefined).end(input);
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      resolve({ exitCode, signal, stdout, stderr });
    });
  });
}
