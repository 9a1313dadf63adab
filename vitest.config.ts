// One project per lane (DESIGN §10): the file name says in which lane a test runs. `npm test` runs what this machine can.
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// Tests follow the sources of all packages, as tsc and tsx do: nothing has to be built first.
const conditions = ['@haco/source', 'node', 'import', 'module', 'default'];
const sources = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

/** A lane that changes the state of the host: one file after the other, each in a process of its own. */
const hostLane = (name: string, include: string[], globalSetup: string[] = []): TestProjectInlineConfiguration => ({
  ...sources,
  test: {
    name,
    include,
    pool: 'forks',
    fileParallelism: false,
    globalSetup,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // How long a condition may take on a busy machine; who is met earlier doesn't wait.
    expect: { poll: { timeout: 15_000 } },
  },
});

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      // A machine that does other things, too, takes its time for what takes none.
      { ...sources, test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 30_000 } },
      {
        ...sources,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['**/*.test-d.ts'],
            tsconfig: './tsconfig.json',
            // Errors outside of the type tests are the business of `npm run check`.
            ignoreSourceErrors: true,
          },
        },
      },
      hostLane('native', ['packages/sys/native/**/*.test.ts']),
      hostLane('kernel', ['packages/*/src/**/*.kernel.ts', 'tests/**/*.kernel.ts']),
      hostLane('package', ['tests/package/*.package.ts'], ['tests/package/setup.ts']),
      hostLane('rootless', ['packages/*/src/**/*.rootless.ts', 'tests/**/*.rootless.ts']),
    ],
  },
});
