// Besides the library, the runtime: a program with everything in it, in two files, as most of its commands need little.
import { defineConfig, type Options } from 'tsup';
import base from '../../tsup.base.ts';

const common = base;

/** The second file isn't part of the first. */
const apart = {
  name: 'apart',
  setup(build: { onResolve: (filter: { filter: RegExp }, then: () => { path: string; external: true }) => void }) {
    build.onResolve({ filter: /^\.\/heavy\.js$/ }, () => ({ path: './haco-oci-heavy.cjs', external: true as const }));
  },
};

/** As CommonJS: whoever is called for everything can't wait until modules have found each other. */
const program: Options = {
  ...common,
  format: 'cjs',
  dts: false,
  clean: false,
  sourcemap: false,
  splitting: false,
  // From the sources, without what isn't used.
  noExternal: [/^@haco\//, 'neverthrow'],
  external: ['koffi'],
  shims: true,
  esbuildPlugins: [apart, ...(common.esbuildPlugins ?? [])],
  esbuildOptions: (options, context) => {
    common.esbuildOptions?.(options, context);
    options.conditions = ['@haco/source'];
  },
};

export default defineConfig([
  common,
  { ...program, entry: { 'haco-oci': 'src/runtime/main.ts' } },
  { ...program, entry: { 'haco-oci-heavy': 'src/runtime/heavy.ts' } },
]);
