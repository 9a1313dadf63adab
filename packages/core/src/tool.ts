/** External programs that Node runs while a container waits, e.g. newuidmap. */
import { spawn } from 'node:child_process';
import { err, ok, type Result } from 'neverthrow';
import { ToolError, type BarrierOperation, type HacoError } from '@haco/plan';

/** Run the tool of a barrier; `{ childPid: true }` becomes the container's pid. No shell is involved. */
export async function runTool(barrier: BarrierOperation, childPid: number): Promise<Result<void, HacoError>> {
  const command = (barrier.tool ?? []).map((word) => (typeof word === 'string' ? word : String(childPid)));
  const [program = '', ...args] = command;
  const provider = barrier.package ?? program;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      const startErrno = code === 'ENOENT' ? {} : { startErrno: code ?? message };
      resolve(err(new ToolError({ command, exitCode: null, stderr: '', package: provider, ...startErrno })));
    });
    child.on('close', (exitCode) => {
      resolve(exitCode === 0 ? ok() : err(new ToolError({ command, exitCode, stderr, package: provider })));
    });
  });
}
