/** Landlock: a program among your files that may touch only what is named, without root, namespaces or another user. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';

const home = mkdtempSync(join(tmpdir(), 'haco-example-'));
mkdirSync(join(home, 'out'));
writeFileSync(join(home, 'input'), '3\n1\n2\n');
writeFileSync(join(home, 'secret'), 'a token\n');

// Programs and what they load; a rule's path must be there.
const programs = ['/usr', '/bin', '/lib', '/lib64'].filter((path) => existsSync(path));
const free = haco().noNewPrivileges().workdir(home);
const confined = free.landlock({
  execute: programs,
  read: join(home, 'input'),
  write: join(home, 'out'),
  // A kernel that can restrict only a part of it shall do that part; without this it would not start there.
  degrade: true,
});

const attempts = {
  'sort its input': 'sort input > out/sorted && cat out/sorted | tr "\\n" " "',
  'read the secret': 'cat secret',
  'change its input': 'echo 4 >> input',
  'plant a program': 'echo "#!/bin/sh" > out/x && chmod +x out/x && ./out/x && echo "it ran"',
};
for (const [name, script] of Object.entries(attempts)) {
  const { exitCode, stdout } = await orThrow(confined.sh(`exec 2>&1; ${script}`).run());
  console.log(`${name}: ${exitCode === 0 ? stdout.trim() || 'done' : 'denied'}`);
}

// The same attempt succeeds where nothing is confined, and the outcome says how far it was.
const { stdout } = await orThrow(free.sh('cat secret').run());
const { enforced } = await orThrow(confined.sh('true').run());
console.log(`unconfined it reads "${stdout.trim()}"; Landlock was ${String(enforced['landlock'])}`);
rmSync(home, { recursive: true });
