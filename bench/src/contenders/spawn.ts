/** Node's own way: `child_process.spawn` with pipes, until they are closed. */
import { spawn } from 'node:child_process';
import type { Contender, StagePaths } from './contender.js';

/** Start a program, collect what it writes, wait for `close`. Rejects when it can't be started or fails. */
export function spawnToEnd(file: string, args: readonly string[] = []): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const error: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`${file} ended with code ${String(code)}: ${Buffer.concat(error).toString().trim()}`));
    });
  });
}

export function spawnContenders({ staticTrue }: StagePaths): readonly Contender[] {
  return [
    { id: 'spawn', label: "spawn('true')", group: 'node', start: () => spawnToEnd('true') },
    { id: 'spawn-static', label: 'spawn(a static true)', group: 'node', start: () => spawnToEnd(staticTrue) },
  ];
}
