// `npm run native`: builds the launcher and the tests' programs from their C sources and writes their bytes into the generated modules of
// @haco/sys and @haco/testkit. With --check it only says whether the modules are what the sources build.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Compilers of one version, for the same bytes everywhere; see packages/sys/native/build.sh. */
const compilers = [
  process.env.HACO_CC_X64 ?? 'gcc-12',
  process.env.HACO_CC_ARM64 ?? 'aarch64-linux-gnu-gcc-12',
  'musl-gcc',
];
const missing = compilers.filter((compiler) => spawnSync(compiler, ['--version']).error !== undefined);

if (missing.length > 0) {
  const packages = 'gcc-12 gcc-12-aarch64-linux-gnu libc6-dev linux-libc-dev musl-tools';
  console.error(
    `There is no ${missing.join(' and no ')} here; install them with "apt-get install ${packages}", or name others with HACO_CC_X64 and HACO_CC_ARM64.`,
  );
  process.exitCode = 1;
} else {
  ensure();
  for (const script of ['embed-launcher.ts', 'embed-tools.ts']) {
    const { status } = spawnSync(
      `${root}node_modules/.bin/tsx`,
      // Sources, of which a fresh clone has nothing built.
      ['--conditions', '@haco/source', `${root}scripts/${script}`, ...process.argv.slice(2)],
      {
        cwd: root,
        stdio: 'inherit',
      },
    );
    if (status !== 0) process.exitCode = status ?? 1;
  }
}
