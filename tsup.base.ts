// How every package is built: one ES module and its types, for Node 20.19 and later (which can also require() it).
import { defineConfig, type Options } from 'tsup';
import { notices } from './scripts/notices.ts';

export default defineConfig({
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
  esbuildPlugins: [notices],
  esbuildOptions: (options) => {
    // Node prints the whole line in which an error was thrown.
    options.lineLimit = 160;
  },
  clean: true,
}) as Options;
