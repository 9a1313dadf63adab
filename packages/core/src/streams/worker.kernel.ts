/** Streams and terminals in worker threads, where Node keeps a record of descriptors and warns of those that it doesn't know. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, makeTemporaryDirectory } from '@haco/testkit';

let directory = '';

beforeAll(async () => {
  directory = await makeTemporaryDirectory('worker');
});
afterAll(() => rmSync(directory, { recursive: true }));

describeWith(['root'], 'in a worker thread', () => {
  test('pipes, files and terminals are opened and closed without a warning', { timeout: 60_000 }, () => {
    const index = new URL('../index.ts', import.meta.url).href;
    const file = join(directory, 'input');
    writeFileSync(file, 'from a file\n');
    const work = join(directory, 'work.mts');
    writeFileSync(
      work,
      `import { parentPort } from 'node:worker_threads';
      import { haco, orThrow } from ${JSON.stringify(index)};
      const file = ${JSON.stringify(file)};
      const said = [];
      for (const stdin of [{ file }, { text: 'a text\\n' }, 'null']) {
        said.push((await orThrow(haco().stdin(stdin).command('/bin/cat').run())).stdout);
      }
      said.push((await orThrow(haco().tty().sh('stty size').run())).stdout);
      await using container = await orThrow(haco().tty().command('/bin/cat').start());
      said.push((await haco().stdin({ file }).stdout({ file: '/nowhere/out' }).command('true').run()).isErr());
      parentPort.postMessage(said);`,
    );
    const script = `
      import { Worker } from 'node:worker_threads';
      const code = 'import(' + JSON.stringify(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}) + ').then(({ register }) => {' +
        'register(); return import(' + JSON.stringify(${JSON.stringify(work)}) + '); });';
      const worker = new Worker(code, { eval: true });
      worker.on('message', (said) => console.log(JSON.stringify(said)));
      worker.on('error', (error) => console.log(error));`;
    const flags = ['--conditions', '@haco/source', '--input-type=module', '--eval', script];
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['from a file\n', 'a text\n', '', '24 80\r\n', true]);
  });
});
