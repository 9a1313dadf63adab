/** A small root filesystem out of the host's own programs: nothing is downloaded, and nothing but its directory is made. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Directories that are links on a host with a merged /usr, and their stand-ins where they are not. */
const merged = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** `ps` for a host without procps, as minimal images are: what /proc says, by the shell's own means. */
const littlePs = `#!/bin/sh
echo '  PID COMMAND'
for dir in /proc/[0-9]*; do
  read -r name < "$dir/comm" && printf '%5s %s\\n' "\${dir#/proc/}" "$name"
done 2> /dev/null
`;

/** Programs of the host that a root gets. */
export interface Programs {
  readonly needed: readonly string[];
  /** Copied where the host has them. */
  readonly welcome: readonly string[];
}

/** Fill `root`, an empty directory; gives the programs that the host doesn't have. */
export function fillRootfs(root: string, { needed, welcome }: Programs): readonly string[] {
  for (const dir of ['dev', 'etc', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'usr/bin', 'usr/sbin', 'usr/lib']) {
    mkdirSync(join(root, dir), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of merged) {
    const host = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (host?.isSymbolicLink() === true) {
      const target = readlinkSync(`/${name}`);
      mkdirSync(join(root, target), { recursive: true });
      symlinkSync(target, join(root, name));
    } else if (host !== undefined) {
      mkdirSync(join(root, name), { recursive: true });
    }
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');

  const missing = needed.filter((name) => !copyProgram(root, name));
  if (missing.length > 0) return missing;
  for (const name of welcome) copyProgram(root, name);
  const ps = join(root, 'usr/bin/ps');
  if (!existsSync(ps)) {
    writeFileSync(ps, littlePs);
    chmodSync(ps, 0o755);
  }
  return [];
}

/** Copy a program to `/usr/bin` of the root, and the libraries that it needs to where it looks for them. */
function copyProgram(root: string, name: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  const source = directories.map((dir) => join(dir, name)).find((path) => path.startsWith('/') && existsSync(path));
  if (source === undefined) return false;
  const target = join(root, 'usr/bin', basename(name));
  copyFileSync(source, target);
  if (!existsSync(join(root, 'bin', name))) copyFileSync(source, join(root, 'bin', name));
  for (const library of librariesOf(source)) {
    const copy = join(root, library);
    if (existsSync(copy)) continue;
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(library, copy);
  }
  return true;
}

/** Paths that `ldd` prints: `libc.so.6 => /lib/…/libc.so.6 (0x…)`, and the loader's own. None of a static program. */
function librariesOf(program: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...(stdout ?? '').matchAll(/(?:=>\s*|^\s*)(\/\S+)\s+\(0x/gm)].flatMap(([, path]) => path ?? []);
}
