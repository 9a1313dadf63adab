// Other versions of Node, from the registry of npm: `nodeOf(24)` is the path of one, or says why there is none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../node_modules/.haco-nodes', import.meta.url));

/** @param {number} major */
const packageOf = (major) => ({ name: `node-linux-${process.arch}`, path: join(home, String(major)) });

/**
 * The program of that version, fetched when it isn't there yet.
 *
 * @param {number} major
 * @returns {{ program: string } | { reason: string }}
 */
export function nodeOf(major) {
  const { name, path } = packageOf(major);
  const program = join(path, 'node_modules', name, 'bin/node');
  if (!existsSync(program)) {
    const args = ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', path, `${name}@${major}`];
    const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0 || !existsSync(program)) return { reason: `${name}@${major} could not be fetched with npm` };
  }
  const { stdout, status, stderr } = spawnSync(program, ['-p', 'process.version'], { encoding: 'utf8' });
  if (status !== 0) return { reason: `${name}@${major} doesn't run here: ${stderr.trim().split('\n').at(-1) ?? ''}` };
  return stdout.startsWith(`v${major}.`) ? { program } : { reason: `${program} is ${stdout.trim()}` };
}
