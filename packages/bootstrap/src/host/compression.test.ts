import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressionOf } from './compression.js';

describe('compression', () => {
  it('is told by the first bytes', () => {
    expect(compressionOf(gzipSync('x'))).toBe('gzip');
    expect(compressionOf(Buffer.from('BZh91AY'))).toBe('bzip2');
    expect(compressionOf(Buffer.from('fd377a585a00', 'hex'))).toBe('xz');
    expect(compressionOf(Buffer.from('28b52ffd00', 'hex'))).toBe('zstd');
    expect(compressionOf(Buffer.from('./\0\0'))).toBe('none');
    expect(compressionOf(Buffer.alloc(0))).toBe('none');
  });
});
