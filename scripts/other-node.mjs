// Other versions of Node, from the registry of npm: `nodeOf(24)` is the path of one, or says why there is none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../node_modules/.haco-nodes', import.meta.url));

/** @param {number} major @param {string} arch */
const packageOf = (major, arch) => ({
  name: `node-linux-${arch}`,
  path: join(home, arch === process.arch ? String(major) : `${major}-${arch}`),
});

/**
 * The program of that version, fetched when it isn't there yet; for another processor it isn't tried.
 *
 * @param {number} major @param {string} [arch] - as `process.arch`
 * @returns {{ program: string } | { reason: string }}
 */
export function nodeOf(major, arch = process.arch) {
  const { name, path } = packageOf(major, arch);
  const program = join(path, 'node_modules', name, 'bin/node');
  if (!existsSync(program)) {
    const options = ['--silent', '--no-save', '--ignore-scripts', '--force', '--os=linux', `--cpu=${arch}`];
    const args = ['install', ...options, '--prefix', path, `${name}@${major}`];
    const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0 || !existsSync(program)) return { reason: `${name}@${major} could not be fetched with npm` };
  }
  if (arch !== process.arch) return { program };
  const { stdout, status, stderr } = spawnSync(program, ['-p', 'process.version'], { encoding: 'utf8' });
  if (status !== 0) return { reason: `${name}@${major} doesn't run here: ${stderr.trim().split('\n').at(-1) ?? ''}` };
  return stdout.startsWith(`v${major}.`) ? { program } : { reason: `${program} is ${stdout.trim()}` };
}
