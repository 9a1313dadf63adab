import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { launcherBinaries, sourceSha256 } from './binary.generated.js';

const native = fileURLToPath(new URL('../../native/', import.meta.url));

describe('the embedded launcher', () => {
  it('was built from the sources that lie beside it (npm run native)', () => {
    const hash = createHash('sha256');
    for (const name of readdirSync(native).sort()) {
      if (/\.(c|h|sh)$/.test(name))
        hash
          .update(`${name}\0`)
          .update(readFileSync(native + name))
          .update('\0');
    }
    expect(hash.digest('hex')).toBe(sourceSha256);
  });

  it.each([
    ['x64', 62],
    ['arm64', 183],
  ] as const)('for %s is a small static program of that machine, whose stack is not executable', (arch, machine) => {
    const { base64, sha256 } = launcherBinaries[arch];
    const elf = Buffer.from(base64, 'base64');
    expect(createHash('sha256').update(elf).digest('hex')).toBe(sha256);
    expect(elf.length).toBeLessThan(16 * 1024);
    expect(elf.toString('latin1', 0, 4)).toBe('\x7fELF');
    expect(elf.readUInt16LE(18)).toBe(machine);
    const headers = Array.from({ length: elf.readUInt16LE(56) }, (_, i) => Number(elf.readBigUInt64LE(32)) + i * 56);
    const segments = headers.map((at) => ({ type: elf.readUInt32LE(at), flags: elf.readUInt32LE(at + 4) }));
    const [load, dynamic, interpreter, stack] = [1, 2, 3, 0x6474e551];
    expect(segments.some(({ type }) => type === dynamic || type === interpreter)).toBe(false);
    // PF_W | PF_X
    expect(segments.filter(({ type }) => type === load).some(({ flags }) => (flags & 3) === 3)).toBe(false);
    expect(segments.find(({ type }) => type === stack)?.flags).toBe(6);
  });
});
