// `npm run release -- version` turns the changesets into versions; `npm run release -- publish` publishes what has no such version yet.
// Whatever else is given goes to `pnpm publish`, e.g. --dry-run. Provenance is vouched for by a CI: elsewhere npm refuses to publish.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure, PNPM } from './ensure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const pnpm = ['npx', '--yes', PNPM];
const [command, ...rest] = process.argv.slice(2);

/** @param {string[]} line */
function run([program = '', ...args]) {
  console.log(`> ${[program, ...args].join(' ')}`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`That ended with ${status ?? 'a signal'}; nothing after it was done.`);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** @param {string} file @returns {Record<string, any>} */
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** Where the sources are, in each package: npm compares it with what the CI that builds them says. */
function tellRepository() {
  const { repository } = read('package.json');
  if (repository?.url === undefined) {
    fail(
      'package.json has no repository, which provenance needs; run npm pkg set repository.type=git repository.url=git+https://…',
    );
  }
  for (const name of readdirSync(join(root, 'packages'))) {
    const file = `packages/${name}/package.json`;
    const manifest = read(file);
    if (manifest.private) continue;
    manifest.repository = { ...repository, directory: `packages/${name}` };
    writeFileSync(join(root, file), `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

ensure();
if (command === 'version') {
  tellRepository();
  run(['node_modules/.bin/changeset', 'version']);
  run([...pnpm, 'install', '--lockfile-only']);
} else if (command === 'publish') {
  const without = readdirSync(join(root, 'packages'))
    .map((name) => read(`packages/${name}/package.json`))
    .filter((manifest) => !manifest.private && manifest.repository === undefined);
  if (without.length > 0) {
    fail(`${without[0]?.name} has no repository, which provenance needs; run npm run release -- version first.`);
  }
  ensure({ build: true });
  run(['node', 'scripts/test.mjs', 'package', '--strict']);
  // In the order in which they depend on each other, so that nobody ever finds one without what it stands on.
  run([...pnpm, '--recursive', '--filter=./packages/*', 'publish', '--access=public', ...rest]);
  if (!rest.includes('--dry-run')) run(['node_modules/.bin/changeset', 'tag']);
} else {
  fail('Say what to do: npm run release -- version, or npm run release -- publish.');
}
