/** Before the tests of packages: all of them are packed, as they would be published, and npm's cache has what they stand on. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { pnpmProgram, projectOf } from './project.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Directory of the tarballs. */
    readonly tarballs: string;
    /** npm's cache, with everything for x64 and arm64. */
    readonly npmCache: string;
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Kept between runs: what others have published under a version doesn't change. */
const npmCache = join(root, 'node_modules/.haco-package-cache');

export default function setup(project: TestProject): () => void {
  const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-package-`));
  const tarballs = join(home, 'tarballs');
  mkdirSync(tarballs);
  const pnpm = ['--yes', pnpmProgram, '--recursive', '--filter=./packages/*', '--filter=!@haco/testkit'];
  execFileSync('npx', [...pnpm, 'pack', `--pack-destination=${tarballs}`], { cwd: root, stdio: 'pipe' });
  for (const cpu of ['x64', 'arm64']) fill(join(home, cpu), tarballs, cpu);
  project.provide('tarballs', tarballs);
  project.provide('npmCache', npmCache);
  return () => rmSync(home, { recursive: true, force: true });
}

/** What an installation for that processor asks of the registry; of `@haco` there is none. */
function fill(directory: string, tarballs: string, cpu: string): void {
  mkdirSync(directory);
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  writeFileSync(join(directory, 'package.json'), JSON.stringify(projectOf(files)));
  const options = ['--os=linux', `--cpu=${cpu}`, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['install', ...options, `--cache=${npmCache}`], { cwd: directory, stdio: 'pipe' });
}
