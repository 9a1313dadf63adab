import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progressTo } from './index.js';

function screen(isTTY: boolean) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 60 }), written };
}

describe('progress', () => {
  it('in a pipe is lines: what is said, and each quarter of a transfer', () => {
    const { stream, written } = screen(false);
    const progress = progressTo(stream);
    progress.onProgress('hello');
    for (let done = 0; done <= 1000; done += 10) progress.onTransfer({ id: 'a', label: 'layer', done, total: 1000 });
    progress.onTransfer({ id: 'b', label: 'unknown', done: 5 });
    progress.close();
    expect(written).toEqual([
      'hello\n',
      'layer: 25 % of 1000 B\n',
      'layer: 50 % of 1000 B\n',
      'layer: 75 % of 1000 B\n',
      'layer: 100 % of 1000 B\n',
    ]);
  });

  it('on a terminal is a bar, above which lines appear, and which goes away', () => {
    const { stream, written } = screen(true);
    const progress = progressTo(stream);
    progress.onTransfer({ id: 'a', label: 'layer', done: 500, total: 1000 });
    progress.onProgress('hello');
    progress.onTransfer({ id: 'a', label: 'layer', done: 1000, total: 1000 });
    progress.close();
    const bar = `\r[${'#'.repeat(12)}${'-'.repeat(12)}]  50 % of 1000 B, layer\u001b[K`;
    expect(written).toEqual([bar, '\r\u001b[K', 'hello\n', bar, '\r\u001b[K']);
  });

  it('shows no control characters of what it is told', () => {
    const { stream, written } = screen(false);
    progressTo(stream).onProgress('a\u001b]0;title\u0007b\rc');
    expect(written).toEqual(['a?]0;title?b?c\n']);
  });
});
