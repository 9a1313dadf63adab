/** `npm install @haco/core` on this machine, from tarballs: what it brings along, and what it says where it can't run. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hidingSyscalls, runCommand } from '@haco/testkit';
import { orThrow } from '@haco/core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { nodeOf } from '../../scripts/other-node.mjs';
import { nameOf, projectOf } from './project.ts';

const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-install-`));
afterAll(() => rmSync(home, { recursive: true }));

const all = readdirSync(inject('tarballs')).map((file) => join(inject('tarballs'), file));
/** What @haco/core stands on: all but those that stand on it. */
const coreOnly = all.filter((file) => !['@haco/cli', '@haco/oci'].includes(nameOf(file)));

function install(name: string, tarballs: readonly string[]): string {
  const directory = join(home, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), JSON.stringify(projectOf(tarballs)));
  const options = ['--offline', '--no-audit', '--no-fund', `--cache=${inject('npmCache')}`];
  execFileSync('npm', ['install', ...options], { cwd: directory, stdio: 'pipe' });
  return directory;
}

let project = '';
beforeAll(() => (project = install('core', coreOnly)));

/** A program of the project, by this Node or another one. */
function run(
  code: string,
  { node = process.execPath, args = [] as readonly string[], wrap = (c: readonly string[]) => c } = {},
) {
  const file = join(project, `program-${String(Math.random()).slice(2)}.mjs`);
  writeFileSync(file, code);
  return runCommand(wrap([node, ...args, file]), { cwd: project, env: { PATH: process.env['PATH'] } });
}

const firstUse = `
import { haco } from '@haco/core';
const said = await haco().command('true').run().match(({ reason }) => reason, ({ kind, message }) => kind + ': ' + message);
console.log(said);
`;

describe('@haco/core', () => {
  it('takes at most 12 MiB with all that it depends on, and nothing builds or downloads', () => {
    const modules = join(project, 'node_modules');
    const files = readdirSync(modules, { recursive: true, encoding: 'utf8' })
      .map((path) => statSync(join(modules, path)))
      .filter((entry) => entry.isFile());
    const mebibytes = files.reduce((sum, { size }) => sum + size, 0) / 1024 ** 2;
    expect(mebibytes).toBeGreaterThan(5);
    expect(mebibytes).toBeLessThanOrEqual(12);
  });

  it('starts its first container', async () => {
    expect(await run(firstUse)).toMatchObject({ stdout: 'exited\n', stderr: '', exitCode: 0 });
  });

  it('loads by its import little more than verbs need, and the rest by its first use', async () => {
    // Native code, what takes Node long to evaluate, and our own second files.
    const code = `
      import { readFileSync } from 'node:fs';
      import { createRequire } from 'node:module';
      const costly = /^NativeModule (_?http|http2|https|tls|net|crypto|zlib|readline|child_process|dgram|worker_threads|inspector)$/;
      const before = new Set(process.moduleLoadList);
      const loaded = () => ({
        late: Object.keys(createRequire(import.meta.url).cache).some((path) => path.endsWith('late.cjs')),
        koffi: readFileSync('/proc/self/maps', 'latin1').includes('koffi.node'),
        costly: process.moduleLoadList.filter((name) => costly.test(name) && !before.has(name)),
      });
      const { haco } = await import('@haco/core');
      console.log(JSON.stringify(loaded()));
      await haco().command('true').run();
      const { late, koffi } = loaded();
      console.log(JSON.stringify({ late, koffi }));`;
    expect(await run(code)).toMatchObject({
      stdout: '{"late":false,"koffi":false,"costly":[]}\n{"late":true,"koffi":true}\n',
      stderr: '',
    });
    const modules = join(project, 'node_modules/@haco');
    const bytes = readdirSync(modules).map((name) => statSync(join(modules, name, 'dist/index.js')).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300 * 1024);
  });

  it('unpacks an archive with the tar-stream that is bundled', async () => {
    execFileSync('tar', ['--create', '--gzip', '--file', 'root.tgz', '--directory', project, 'package.json'], {
      cwd: project,
    });
    const code = `
      import { tarball } from '@haco/core';
      import { prepareRootfs } from '@haco/bootstrap';
      const made = await prepareRootfs(tarball('${project}/root.tgz', { target: '${project}/root' }));
      console.log(made.isOk() ? 'unpacked' : made.error.message);`;
    expect(await run(code)).toMatchObject({ stdout: 'unpacked\n', stderr: '' });
    expect(readdirSync(join(project, 'root'))).toContain('package.json');
  });

  it('is loaded by require(), too', async () => {
    const code = `const { haco } = require('@haco/core'); console.log(typeof haco);`;
    const options = ['--no-warnings', '--eval', code];
    expect(await runCommand([process.execPath, ...options], { cwd: project })).toMatchObject({
      stdout: 'function\n',
      stderr: '',
    });
  });
});

describe('where haco can’t run', () => {
  it.each([
    ['darwin', 'arm64', 'e.g. of Lima ("limactl start", then "lima node …").'],
    ['win32', 'x64', 'e.g. of WSL 2 ("wsl --install", then "wsl node …").'],
    ['linux', 'riscv64', 'or in a virtual machine, with such a CPU.'],
  ])(
    '%s on %s imports everything, explains for other hosts, and the first use says what is missing',
    async (platform, arch, end) => {
      const pretend = `data:text/javascript,Object.defineProperties(process,{platform:{value:'${platform}'},arch:{value:'${arch}'}})`;
      const imports = coreOnly.map((file) => `await import('${nameOf(file)}');`).join('\n');
      const { stdout, stderr } = await run(
        `${firstUse}${imports}
import { doctor } from '@haco/core';
import { probeHost, libc } from '@haco/sys';
const other = { ...probeHost(), pid: 0 };
console.log(haco().explain({ host: other }).isOk());
console.log(await doctor().match(String, ({ message }) => message));
console.log(haco().explain().match(String, ({ message }) => message));
try { libc() } catch (error) { console.log(error.message) }
`,
        { args: ['--import', pretend] },
      );
      expect(stderr).toBe('');
      const [first = '', explained, ...others] = stdout.trimEnd().split('\n');
      expect(first).toMatch(
        new RegExp(
          `^unsupported: haco starts containers on Linux on x64 or arm64, and this is ${platform} on ${arch}; `,
        ),
      );
      expect(first.endsWith(end)).toBe(true);
      expect(explained).toBe('true');
      expect(others).toEqual(Array(3).fill(first.replace('unsupported: ', '')));
    },
  );

  it('an old Node imports it, and is told which one is needed', async () => {
    const found = nodeOf(18);
    if (!('program' in found)) throw new Error(found.reason);
    const { stdout, stderr } = await run(firstUse, { node: found.program });
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^unsupported: haco starts containers on Node 20\.19 or later, and this is Node 18\.[\d.]+; install a newer one, .*\.\n$/,
    );
  });

  it('without the binary of koffi, the sentence says how it was lost', async () => {
    const hide = `data:text/javascript,import m from 'node:module';const load=m._load;m._load=function(name,...rest){if(name==='koffi')throw new Error('not there');return load.call(this,name,...rest)}`;
    const { stdout } = await run(firstUse, { args: ['--import', hide] });
    expect(stdout).toMatch(
      /^unsupported: There is no binary of koffi, .*\(not there\); install .* without --omit=optional .*\.\n$/,
    );
  });

  it.each(['ENOSYS', 'EPERM'] as const)('memory files that are forbidden with %s are named', async (errno) => {
    const wrap = (command: readonly string[]) => orThrow(hidingSyscalls({ hide: ['memfd_create'], errno, command }));
    const { stdout, stderr } = await run(firstUse, { wrap });
    expect(stderr).toBe('');
    expect(stdout).toMatch(new RegExp(`^syscall: .*memfd_create.*${errno}.*\\.\\n$`));
  });
});
