// Besides the library, the runtime: a program with everything in it, whose commands load only what they need.
import { defineConfig, type Options } from 'tsup';
import base from '../../tsup.base.ts';

const common = base as Options;

export default defineConfig([
  common,
  {
    ...common,
    entry: { 'haco-oci': 'src/runtime/main.ts' },
    dts: false,
    clean: false,
    sourcemap: false,
    splitting: true,
    // Engines call it for everything: a program of its own, from the sources, without what it doesn't use.
    noExternal: [/^@haco\//, 'neverthrow'],
    external: ['koffi'],
    minifySyntax: true,
    minifyWhitespace: true,
    esbuildOptions: (options) => {
      options.conditions = ['@haco/source'];
      options.chunkNames = 'runtime/[name]-[hash]';
    },
  },
]);
