/**
 * A root of musl. Neither npm nor Debian has a Node that is linked with musl (Alpine's, and those of unofficial builds, are elsewhere), so
 * Node itself can't be tried there. What can: koffi's binary for musl asks for nothing else, musl has every function that it and haco call and
 * room for its structures, and programs of musl run in a root that has nothing else.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, runCommand } from '@haco/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { nodeOf } from '../../scripts/other-node.mjs';
import { nameOf, projectOf } from './project.ts';

const hello = `
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>
int main(void) {
  struct utsname names;
  uname(&names);
  printf("pid %d on %s, without glibc: %s\\n", getpid(), names.nodename, access("/lib64", F_OK) ? "yes" : "no");
  return 0;
}
`;

describeWith(['root', 'tool:musl-gcc', 'tool:readelf'], 'a root of musl', () => {
  const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-musl-`));
  const root = join(home, 'root');
  const project = join(home, 'project');
  const compile = (source: string, program: string, ...options: string[]) =>
    execFileSync('musl-gcc', ['-Wall', '-Werror', '-O1', ...options, '-o', program, source], { stdio: 'pipe' });

  beforeAll(() => {
    for (const directory of [project, join(root, 'lib'), join(root, 'bin')]) mkdirSync(directory, { recursive: true });
    const tarballs = readdirSync(inject('tarballs')).map((file) => join(inject('tarballs'), file));
    const wanted = tarballs.filter((file) => !['@haco/cli', '@haco/oci'].includes(nameOf(file)));
    writeFileSync(join(project, 'package.json'), JSON.stringify(projectOf(wanted)));
    const options = ['--offline', '--no-audit', '--no-fund', `--cache=${inject('npmCache')}`];
    execFileSync('npm', ['install', ...options], { cwd: project, stdio: 'pipe' });
    writeFileSync(join(home, 'hello.c'), hello);
    compile(join(home, 'hello.c'), join(root, 'bin/sh'));
    for (const file of readdirSync('/lib').filter((name) => /^ld-musl-.*\.so\.1$/.test(name))) {
      copyFileSync(join('/lib', file), join(root, 'lib', file));
    }
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('is not yet one of Node: what npm has asks for the loader of glibc', () => {
    const node = nodeOf(24);
    if (!('program' in node)) throw new Error(node.reason);
    expect(execFileSync('readelf', ['--program-headers', node.program], { encoding: 'utf8' })).toContain('ld-linux-');
  });

  it('has all that haco and koffi’s binary for it call', async () => {
    const platform = join(project, `node_modules/@koromix/koffi-linux-${process.arch}`);
    const koffi = join(platform, `musl_${process.arch}/koffi.node`);
    const source = readFileSync(new URL('../../packages/sys/src/libc.ts', import.meta.url), 'utf8');
    const calls = [...source.matchAll(/lib\.func\(\s*'\w+ \*?(\w+)\(/g)].map(([, name = '']) => name);
    expect(calls).toEqual(expect.arrayContaining(['posix_spawn', 'memfd_create', 'syscall', 'epoll_wait']));
    const dynamic = execFileSync('readelf', ['--dynamic', '--dyn-syms', '--wide', koffi], { encoding: 'utf8' });
    const libraries = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = '']) => name);
    // Alpine's Node is C++, too, and brings the second and third.
    expect(
      libraries.filter((name) => !/^(libc\.musl-.*\.so\.1|libstdc\+\+\.so\.6|libgcc_s\.so\.1)$/.test(name)),
    ).toEqual([]);
    const undefined_ = [...dynamic.matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +UND (\w+)/g)].map(([, name = '']) => name);
    expect(undefined_).toEqual(expect.arrayContaining(['napi_create_function', 'malloc']));
    const ofOthers =
      /^(napi_|node_api_|uv_|_Z|__cxa_|_Unwind_|__gxx_|__once_proxy|_ITM_|__gmon_start__|__(de)?register_frame)/;
    const own = undefined_.filter((name) => !ofOthers.test(name));
    const program = join(root, 'bin/musl-calls');
    compile(join(import.meta.dirname, 'musl-calls.c'), program);
    // In the root itself: nothing of glibc is there.
    const { stdout, stderr } = await runCommand(['chroot', root, '/bin/musl-calls', ...calls, ...own]);
    expect([stdout, stderr]).toEqual(['done\n', '']);
  });

  it('runs programs of musl in a container that is started from tarballs', async () => {
    const code = `
      import { haco } from '@haco/core';
      const result = await haco().name('x').unshare('pid', 'uts').hostname('musl').chroot(${JSON.stringify(root)}).run();
      console.log(result.match(({ reason, stdout }) => reason + ': ' + stdout.trim(), ({ message }) => message));`;
    writeFileSync(join(project, 'program.mjs'), code);
    const run = () => runCommand([process.execPath, 'program.mjs'], { cwd: project });
    const { stdout, stderr } = await expectNothingLeft(run);
    expect([stdout, stderr]).toEqual(['exited: pid 1 on musl, without glibc: yes\n', '']);
  });
});
