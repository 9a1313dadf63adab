/** For the tests of the runtime: the program, built from its sources, and bundles to run with it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, makeTemporaryDirectory, runCommand, type Finished } from '@haco/testkit';

const here = dirname(fileURLToPath(import.meta.url));

/** A runtime to call. */
export interface TestRuntime {
  /** Path of an executable, as engines want one. */
  readonly path: string;
  /** The same without a root for its states: they go where it puts them by itself. */
  readonly program: readonly string[];
  /** Where it keeps its states. */
  readonly root: string;
  readonly call: (...args: readonly string[]) => Promise<Finished>;
  /** For calls whose container goes on, and keeps their streams: its output goes nowhere, what is said on stderr before that is given. */
  readonly leave: (...args: readonly string[]) => Promise<Pick<Finished, 'exitCode' | 'stderr'>>;
  /** Delete all its containers, also those that run. */
  readonly deleteAll: () => Promise<void>;
  readonly remove: () => void;
}

let count = 0;

/** Build it: a second for each of its files. */
export async function makeRuntime(): Promise<TestRuntime> {
  const directory = await buildProgram({
    packageDirectory: join(here, '../..'),
    entries: { 'haco-oci': 'runtime/main.ts', 'haco-oci-heavy': 'runtime/heavy.ts' },
    external: ['koffi', './heavy.js'],
  });
  const root = await makeTemporaryDirectory('oci-state');
  const path = join(directory, 'haco-oci');
  const program = join(directory, 'haco-oci.cjs');
  // Engines that give a --root of their own get it: the last one counts.
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' --root '${root}' "$@"\n`, { mode: 0o755 });
  const call: TestRuntime['call'] = (...args) => runCommand([path, ...args]);
  return {
    path,
    program: [process.execPath, program],
    root,
    call,
    leave: async (...args) => {
      const said = join(root, `.said:${String((count += 1))}`);
      const script = 'said=$1; shift; exec "$@" </dev/null >/dev/null 2>"$said"';
      const { exitCode } = await runCommand(['/bin/sh', '-c', script, 'sh', said, path, ...args]);
      const stderr = readFileSync(said, 'utf8');
      rmSync(said);
      return { exitCode, stderr };
    },
    deleteAll: async () => {
      const { stdout } = await call('list', '--quiet');
      for (const id of stdout.split('\n').filter((line) => line !== '')) await call('delete', '--force', id);
    },
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Write the configuration of a bundle: that of `haco-oci spec`, without a terminal, with changes. */
export function writeConfig(bundle: string, base: object, changes: object): void {
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...base, ...changes }));
}
