// How every package is built: one ES module and its types, for Node 20.19 and later (which can also require() it).
import { defineConfig, type Options } from 'tsup';
import { late } from './scripts/late.ts';
import { notices } from './scripts/notices.ts';
import { required } from './scripts/required.ts';

const base = defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // tsup passes `baseUrl` to the compiler, which TypeScript 6 only takes with this excuse (TS5101).
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  // They were two thirds of what is installed, and Node reads them only when it is asked to; names stay as they are.
  sourcemap: false,
  // Parsing is most of what an import costs; and one character beyond Latin-1 in a comment makes V8 keep and read the file as UTF-16.
  minifyWhitespace: true,
  minifySyntax: true,
  // Left to `required`.
  noExternal: ['neverthrow'],
  esbuildPlugins: [required, notices],
  esbuildOptions: (options) => {
    // Node prints the whole line in which an error was thrown.
    options.lineLimit = 160;
  },
  clean: true,
}) as Options;

export default base;

/**
 * For what `import '@haco/core'` loads: functions and classes in a second file, which the first call of one of them loads.
 *
 * @param atOnce - files, by their paths below `src`, of which something is called while the library is loaded
 */
export function later(atOnce?: RegExp): Options {
  return { ...base, esbuildPlugins: [late((path) => atOnce?.test(path) !== true), ...(base.esbuildPlugins ?? [])] };
}

/** For programs: one CommonJS file with everything in it, from the sources, without what isn't used. */
export const program: Options = {
  ...base,
  format: 'cjs',
  dts: false,
  clean: false,
  splitting: false,
  noExternal: [/^@haco\//, 'neverthrow'],
  shims: true,
  esbuildOptions: (options, context) => {
    base.esbuildOptions?.(options, context);
    options.conditions = ['@haco/source'];
    // Code that V8 has from a cache can't import().
    options.supported = { ...options.supported, 'dynamic-import': false };
  },
};
