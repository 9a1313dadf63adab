// `npm run native`: builds the launcher from its C source and writes its bytes into the generated module of @haco/sys.
// With --check it only says whether the module is what the sources build.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Compilers of one version, for the same bytes everywhere; see packages/sys/native/build.sh. */
const compilers = [process.env.HACO_CC_X64 ?? 'gcc-12', process.env.HACO_CC_ARM64 ?? 'aarch64-linux-gnu-gcc-12'];
const missing = compilers.filter((compiler) => spawnSync(compiler, ['--version']).error !== undefined);

if (missing.length > 0) {
  const packages = 'gcc-12 gcc-12-aarch64-linux-gnu libc6-dev linux-libc-dev';
  console.error(
    `There is no ${missing.join(' and no ')} here; install them with "apt-get install ${packages}", or name others with HACO_CC_X64 and HACO_CC_ARM64.`,
  );
  process.exitCode = 1;
} else {
  ensure();
  const { status } = spawnSync(
    `${root}node_modules/.bin/tsx`,
    [`${root}scripts/embed-native.ts`, ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}
