import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describeWith } from '@haco/testkit';
import { expect, it } from 'vitest';
import { archiveOf } from '../host/test-archives.js';
import { prepareRootfs, tarball } from '../index.js';

describeWith(['ordinary-user'], 'a root from an archive, made by an ordinary user', () => {
  it('belongs to the user, without devices and set-id bits, which are reported', async () => {
    const box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
    try {
      const archive = join(box, 'archive.tar');
      const target = join(box, 'target');
      const entries = await archiveOf([
        { name: 'closed', type: 'directory', mode: 0o500 },
        { name: 'closed/su', body: 'x', mode: 0o4755, uid: 0, gid: 0 },
        { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
        { name: 'pipe', type: 'fifo' },
      ]);
      fs.writeFileSync(archive, entries);
      const lines: string[] = [];
      const result = await prepareRootfs(tarball(archive, { target }), { onProgress: (line) => lines.push(line) });
      expect(result.isOk() || result.error).toBe(true);
      const stat = fs.statSync(join(target, 'closed/su'));
      expect([stat.mode & 0o7777, stat.uid]).toEqual([0o755, process.getuid?.()]);
      expect(fs.statSync(join(target, 'closed')).mode & 0o777).toBe(0o500);
      expect(fs.readdirSync(target).sort()).toEqual(['closed', 'pipe']);
      expect(lines).toEqual([
        'closed/su: set-id bits are left out, the file belongs to you',
        'null: left out, only root may make device nodes',
        expect.stringMatching(/^unpacked 4 entries/),
      ]);
      fs.chmodSync(join(target, 'closed'), 0o700);
    } finally {
      fs.rmSync(box, { recursive: true, force: true });
    }
  });
});
