// Besides the library, the program of supervisors: a file of its own that shares the library's code.
import { defineConfig } from 'tsup';
import { later } from '../../tsup.base.ts';

const base = later();

/**
 * Definitions are given the library itself. Bundled into a chunk that both use, its door would lose what it passes on from other packages
 * (`export * from '@haco/plan'`); so the built library is loaded by its name.
 */
const ownDoor = {
  name: 'own-door',
  setup(build: {
    onResolve: (
      filter: { filter: RegExp },
      then: (found: { importer: string }) => { path: string; external: true } | undefined,
    ) => void;
  }) {
    build.onResolve({ filter: /^\.\.\/index\.js$/ }, ({ importer }) =>
      importer.endsWith('/definition/evaluate.ts') ? { path: './index.js', external: true as const } : undefined,
    );
  },
};

export default defineConfig({
  ...base,
  entry: { index: 'src/index.ts', supervisor: 'src/supervise/main.ts' },
  esbuildPlugins: [ownDoor, ...(base.esbuildPlugins ?? [])],
});
