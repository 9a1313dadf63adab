// `npm run native`: builds the launcher from its C source and writes its bytes into the generated module of @haco/sys.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const steps = [
  { file: 'packages/sys/native/build.sh', command: ['bash', 'packages/sys/native/build.sh'] },
  { file: 'scripts/embed-native.ts', command: [`${root}node_modules/.bin/tsx`, 'scripts/embed-native.ts'] },
];

for (const { file, command } of steps) {
  if (!existsSync(root + file)) {
    console.log(`${file} isn't there yet: nothing to do.`);
    continue;
  }
  const [tool = '', ...args] = command;
  const { status } = spawnSync(tool, [...args, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
