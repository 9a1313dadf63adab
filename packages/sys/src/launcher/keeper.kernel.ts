import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { syscall } from '@haco/plan';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { startNode } from '../fixtures/node-program.js';
import { arch, clone, directory, ended, exec, readyFor, step, warmUp } from '../fixtures/perform.js';
import { closeForkServer } from './fork-server.js';
import { keepInSeries } from './keeper.js';

let home: string;
let kept: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haco-sys-'));
  kept = join(home, 'kept');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const there = (): Promise<void> => expect.poll(() => existsSync(kept)).toBe(true);
const gone = (): Promise<void> => expect.poll(() => existsSync(kept), { timeout: 15_000 }).toBe(false);

describeWith(['root'], 'what a series of starts keeps', () => {
  beforeAll(warmUp);

  it('is made once, outlives each of them, and is undone when the series ends', async () => {
    await expectNothingLeft(async () => {
      await readyFor('served');
      let made = 0;
      const steps = () => {
        made += 1;
        return directory(kept);
      };
      keepInSeries('one', steps, arch);
      keepInSeries('one', steps, arch);
      await there();
      keepInSeries('one', steps, arch);
      await ended([clone(), exec('/bin/true')]);
      expect(existsSync(kept)).toBe(true);
      expect(made).toBe(1);
      closeForkServer();
      await gone();
    });
  });

  it('goes a second after the last start, by itself', async () => {
    await readyFor('served');
    keepInSeries('idle', () => directory(kept), arch);
    await there();
    await gone();
  });

  it('is nothing before starts follow each other', async () => {
    closeForkServer();
    keepInSeries('single', () => directory(kept), arch);
    await ended([clone(), exec('/bin/true')]);
    expect(existsSync(kept)).toBe(false);
  });

  it('is given up quietly when it can not be had, with all of it undone', async () => {
    await expectNothingLeft(async () => {
      await readyFor('served');
      const fails = step('prepare', [syscall('chdir', ['/nowhere'])], 'test.fails');
      let asked = 0;
      const steps = () => {
        asked += 1;
        return [...directory(kept).slice(0, 1), fails, ...directory(kept).slice(1)];
      };
      keepInSeries('refused', steps, arch);
      await expect.poll(() => asked).toBe(1);
      await gone();
      keepInSeries('refused', steps, arch);
      await ended([clone(), exec('/bin/true')]);
      expect(asked).toBe(1);
    });
  });

  it('is undone when Node is killed', async () => {
    const child = startNode('kept-forever.ts', kept);
    await once(child.stdout, 'data');
    expect(existsSync(kept)).toBe(true);
    child.kill('SIGKILL');
    await gone();
  });
});
