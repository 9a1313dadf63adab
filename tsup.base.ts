// How every package is built: one ES module and its types, for Node 20.19 and later (which can also require() it).
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // tsup passes `baseUrl` to the compiler, which TypeScript 6 only takes with this excuse (TS5101).
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  sourcemap: true,
  // Parsing is most of what an import costs; and one character beyond Latin-1 in a comment makes V8 keep and read the file as UTF-16.
  minifyWhitespace: true,
  minifySyntax: true,
  clean: true,
});
