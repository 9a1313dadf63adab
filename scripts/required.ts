// For tsup: neverthrow is CommonJS, which costs an ES module's import far more (Node reads and scans it for its names first) than it costs
// require(): 9 ms of what `import '@haco/core'` takes. It is the same module, so that classes are the same for whoever imports it.
import { createRequire } from 'node:module';

/** What is used of esbuild's plugins: esbuild itself is a dependency of tsup only. */
interface Build {
  readonly initialOptions: { readonly format?: string; readonly absWorkingDir?: string };
  onResolve(
    options: { filter: RegExp; namespace?: string },
    then: (found: { namespace: string }) => { path: string; namespace: string } | undefined,
  ): void;
  onLoad(options: { filter: RegExp; namespace: string }, then: () => { contents: string; resolveDir: string }): void;
}

const name = 'neverthrow';
const namespace = 'required';

export const required = {
  name: namespace,
  setup(build: Build): void {
    // A program in one file of CommonJS has it bundled.
    if (build.initialOptions.format !== 'esm') return;
    const folder = build.initialOptions.absWorkingDir ?? process.cwd();
    const names = Object.keys(createRequire(`${folder}/`)(name) as object);
    build.onResolve({ filter: /^neverthrow$/ }, () => ({ path: name, namespace }));
    build.onLoad({ filter: /.*/, namespace }, () => ({
      resolveDir: folder,
      contents: [
        `import { createRequire } from 'node:module';`,
        // Found once for all packages: looking for it is half of what it costs.
        `const own = Symbol.for('${name} of haco');`,
        `export const { ${names.join(', ')} } = (globalThis[own] ??= createRequire(import.meta.url)('${name}'));`,
      ].join('\n'),
    }));
  },
};
