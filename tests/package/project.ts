/** A project of somebody who has nothing but the tarballs. */
import { basename } from 'node:path';

/** Its package.json: each package of haco is that file, also where another one of them asks for it. */
export function projectOf(tarballs: readonly string[]): object {
  const dependencies = Object.fromEntries(tarballs.map((file) => [nameOf(file), `file:${file}`]));
  const overrides = Object.fromEntries(Object.keys(dependencies).map((name) => [name, `$${name}`]));
  return { name: 'stranger', private: true, type: 'module', dependencies, overrides };
}

/** `haco-core-0.1.0.tgz` is `@haco/core`. */
export function nameOf(tarball: string): string {
  return `@haco/${/^haco-(.*?)-\d/.exec(basename(tarball))?.[1] ?? ''}`;
}

/** Called through npx, in the version that scripts/ensure.mjs installs with. */
export const pnpmProgram = 'pnpm@10.34.9';
