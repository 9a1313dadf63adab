// `npm run native`: builds the launcher from its C source and writes its bytes into the generated module of @haco/sys.
// With --check it only says whether the module is what the sources build.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(
  `${root}node_modules/.bin/tsx`,
  [`${root}scripts/embed-native.ts`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
