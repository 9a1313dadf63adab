/** What check() and explain() say of a command that isn't there. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haco, orThrow, type Builder } from './index.js';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'haco-test-'));
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/program'), '');
  chmodSync(join(root, 'bin/program'), 0o755);
  writeFileSync(join(root, 'bin/data'), '');
  // A link that is good inside only, and one that is good outside only.
  symlinkSync('/bin/program', join(root, 'bin/link'));
  symlinkSync(`${root}/bin/program`, join(root, 'bin/outside'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Sentences about the command. */
async function said(builder: Pick<Builder, 'check' | 'explain'>): Promise<readonly string[]> {
  const { problems } = orThrow(await builder.check());
  const about = problems.filter(({ step }) => step === 'process.exec').map(({ message }) => message);
  const { warnings } = orThrow(builder.explain());
  expect(warnings.filter(({ step }) => step === 'process.exec').map(({ message }) => message)).toEqual(about);
  return about;
}

const inside = (file: string) => haco().unshare('user').chroot(root).env({ PATH: '/sbin:/bin' }).command(file);

describe('a command', () => {
  it.each(['/bin/program', 'program', '/bin/link', '/bin/../../bin/program'])('%s is there', async (file) => {
    expect(await said(inside(file))).toEqual([]);
  });

  it('that isn’t there, or is no program, is told with the place', async () => {
    const remedy = 'give its path as seen inside, or install it there.';
    expect(await said(inside('/bin/nope'))).toEqual([`There is no command /bin/nope below ${root}; ${remedy}`]);
    expect(await said(inside('/bin/outside'))).toEqual([`There is no command /bin/outside below ${root}; ${remedy}`]);
    expect(await said(inside('nope'))).toEqual([`There is no command "nope" in /sbin:/bin below ${root}; ${remedy}`]);
    expect(await said(haco().unshare('user').chroot(root))).toEqual([
      `There is no command /bin/bash or /bin/sh below ${root}; ${remedy}`,
    ]);
    expect(await said(inside('data'))).toEqual([
      `The command /bin/data below ${root} is no program that can be executed; give one that is, or make it executable with chmod.`,
    ]);
    expect(await said(haco().command('/no/such/program'))).toEqual([`There is no command /no/such/program; ${remedy}`]);
  });

  it('that lies where the root shows nothing is told with what it shows', async () => {
    const shown = (file: string) =>
      haco()
        .unshare('user', 'mount')
        .chroot(root, { only: ['/bin', '/usr'] })
        .env({ PATH: '/sbin:/bin' })
        .command(file);
    mkdirSync(join(root, 'opt'));
    writeFileSync(join(root, 'opt/program'), '', { mode: 0o755 });
    expect(await said(shown('program'))).toEqual([]);
    expect(await said(shown('/opt/program'))).toEqual([
      `There is no command /opt/program in /bin, /usr of ${root}; give its path as seen inside, or bring its directory with mount().`,
    ]);
  });

  it('that something laid over the root may bring, or that begins where nobody knows, is no problem', async () => {
    const mounted = haco().unshare('user', 'mount').chroot(root).mount('/usr', '/usr').command('/usr/bin/nope');
    const layered = haco().unshare('user', 'mount').chroot(root, { overlay: true }).command('/bin/nope');
    for (const builder of [mounted, layered, inside('./nope')]) expect(await said(builder)).toEqual([]);
  });
});
