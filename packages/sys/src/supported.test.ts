import { describe, expect, it } from 'vitest';
import { unsupportedProcess, withoutFunction, withoutKoffi } from './supported.js';

const here = { platform: 'linux', arch: 'x64', node: '20.19.0' };

describe('what haco runs on', () => {
  it.each([here, { ...here, arch: 'arm64' }, { ...here, node: '26.1.0' }])(
    'is $platform on $arch with Node $node',
    (kind) => {
      expect(unsupportedProcess(kind)).toBeUndefined();
    },
  );

  it.each([
    [
      { ...here, platform: 'darwin', arch: 'arm64' },
      'haco starts containers on Linux on x64 or arm64, and this is darwin on arm64; run this program in a Linux virtual machine, e.g. of Lima ("limactl start", then "lima node …").',
    ],
    [
      { ...here, platform: 'win32' },
      'haco starts containers on Linux on x64 or arm64, and this is win32 on x64; run this program in Linux, e.g. of WSL 2 ("wsl --install", then "wsl node …").',
    ],
    [
      { ...here, platform: 'freebsd' },
      'haco starts containers on Linux on x64 or arm64, and this is freebsd on x64; run this program in a Linux virtual machine.',
    ],
    [
      { ...here, arch: 'riscv64' },
      'haco starts containers on Linux on x64 or arm64, and this is linux on riscv64; run this program on a machine, or in a virtual machine, with such a CPU.',
    ],
    [
      { ...here, node: '20.18.3' },
      'haco starts containers on Node 20.19 or later, and this is Node 20.18.3; install a newer one, or try it with one of npm ("npx node@24 program.mjs").',
    ],
    [
      { ...here, node: '18.20.8' },
      'haco starts containers on Node 20.19 or later, and this is Node 18.20.8; install a newer one, or try it with one of npm ("npx node@24 program.mjs").',
    ],
  ])('is not %o, and one sentence says what to do', (kind, sentence) => {
    expect(unsupportedProcess(kind)).toMatchObject({ kind: 'unsupported', message: sentence });
  });

  it('needs the binary of koffi, and the functions of the C library', () => {
    expect(withoutKoffi(new Error('Cannot find it')).message).toBe(
      'There is no binary of koffi, through which haco calls the C library (Cannot find it); install the dependencies on the machine where they are used, and without --omit=optional (koffi brings one for glibc and one for musl).',
    );
    expect(withoutFunction(new Error('no memfd_create')).message).toBe(
      'This is no C library with all that haco calls (no memfd_create); use a system with glibc 2.28 or later, or musl 1.2 or later.',
    );
  });
});
