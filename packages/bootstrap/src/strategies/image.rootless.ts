import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describeWith } from '@haco/testkit';
import { expect, it } from 'vitest';
import { layoutOf, serveLayout } from '../host/test-images.js';
import { image, prepareRootfs } from '../index.js';

describeWith(['ordinary-user'], 'a root from an image, made by an ordinary user', () => {
  it('belongs to the user; what can not be kept is reported', async () => {
    const box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
    const cached = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = join(box, 'xdg');
    try {
      const capability = '\u0001\0\0\u0002\0 \0\0\0\0\0\0\0\0\0\0\0\0\0\0';
      const layout = await layoutOf(join(box, 'layout'), [
        [
          { name: 'closed', type: 'directory', mode: 0o500 },
          { name: 'closed/su', body: 'x', mode: 0o4755, uid: 42, gid: 43 },
          { name: 'closed/ping', body: 'x', pax: { 'SCHILY.xattr.security.capability': capability } },
          { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
        ],
        [{ name: 'closed/.wh.ping' }, { name: 'new', body: 'y' }],
      ]);
      const { host, close } = await serveLayout(layout);
      const lines: string[] = [];
      const target = join(box, 'target');
      const result = await prepareRootfs(image(`${host}/web`, { target }), { onProgress: (line) => lines.push(line) });
      await close();
      expect(result.isOk() || result.error).toBe(true);
      expect(fs.readdirSync(target, { recursive: true }).sort()).toEqual(['closed', 'closed/su', 'new']);
      const { mode, uid } = fs.statSync(join(target, 'closed/su'));
      expect([mode & 0o7777, uid]).toEqual([0o755, process.getuid?.()]);
      expect(lines.slice(1, -1)).toEqual([
        'closed/su: set-id bits are left out, the file belongs to you',
        'closed/ping: the extended attribute security.capability is left out, only root may give files capabilities',
        'null: left out, only root may make device nodes',
      ]);
      expect(fs.readdirSync(join(box, 'xdg/haco/blobs/sha256'))).toHaveLength(3);
      fs.chmodSync(join(target, 'closed'), 0o700);
    } finally {
      if (cached === undefined) delete process.env['XDG_CACHE_HOME'];
      else process.env['XDG_CACHE_HOME'] = cached;
      fs.rmSync(box, { recursive: true, force: true });
    }
  });
});
