/** Programs that tests start beside themselves: real processes, which can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Run a module of TypeScript from text, in a process of its own; it may import `@haco/core`. */
export function spawnProgram(
  source: string,
  env: Readonly<Record<string, string>> = {},
  /** What starts it, e.g. in other namespaces. */
  prefix: readonly string[] = [],
): ChildProcess {
  const core = fileURLToPath(new URL('../index.ts', import.meta.url));
  const program = `import { haco, containers, attachTo, orThrow } from ${JSON.stringify(core)};\n${source}`;
  const node = [process.execPath, '--conditions=@haco/source', '--import', 'tsx', '--input-type=module', '-e', program];
  const [file = '', ...args] = [...prefix, ...node];
  return spawn(file, args, {
    cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

/** What it printed, once it has ended. */
export async function printed(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => child.once('close', resolve));
  return Buffer.concat(chunks).toString('utf8');
}

/** Wait until a line is printed that contains `text`. */
export function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const hear = (chunk: Buffer): void => {
      seen += chunk.toString('utf8');
      if (seen.includes(text)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('close', () => reject(new Error(`it ended without saying ${text}: ${seen}`)));
  });
}
