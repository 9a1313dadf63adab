/** The embedded launcher is what its sources build, byte for byte. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { launcherBinaries } from '../src/launcher/binary.generated.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const compilers = {
  x64: process.env['HACO_CC_X64'] ?? 'gcc-12',
  arm64: process.env['HACO_CC_ARM64'] ?? 'aarch64-linux-gnu-gcc-12',
};

/** Why the bytes can't be compared here. */
function missing(): string | undefined {
  const reasons = (['x64', 'arm64'] as const).flatMap((arch) => {
    const version = spawnSync(compilers[arch], ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';
    const recorded = launcherBinaries[arch].compiler;
    return version.replaceAll('"', "'") === recorded
      ? []
      : [`${compilers[arch]} is ${version === '' ? 'missing' : version}, and the bytes are those of ${recorded}`];
  });
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

const reason = missing();
if (reason !== undefined && process.env['HACO_NO_SKIP'] !== '1') {
  process.stderr.write(`SKIPPED rebuilding the launcher: ${reason}\n`);
}

describe.skipIf(reason !== undefined && process.env['HACO_NO_SKIP'] !== '1')('rebuilding the launcher', () => {
  it('gives the bytes that are embedded', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/native.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).not.toContain('is not what its sources build');
    expect(status).toBe(0);
  });
});
