import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isLockedByOther, tryLock, unlock } from './file-lock.js';

let directory: string;
let path: string;
const open: number[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'haco-file-lock-'));
  path = join(directory, 'lock');
});

afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(directory, { recursive: true });
});

/** An open file of its own. */
function another(flags = 'a'): number {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
}

/** A program that has the descriptor, and lives until its input ends. */
async function heir(fd: number): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', 'echo ready; read _'], { stdio: ['pipe', 'pipe', 'inherit', fd] });
  await once(child.stdout ?? child, 'data');
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await once(child, 'close');
}

describe('the lock of an open file', () => {
  test('is of one at a time, and seen by who asks', () => {
    const [one, two] = [another(), another()];
    expect(tryLock(one)).toBe('locked');
    expect(tryLock(one)).toBe('locked');
    expect(tryLock(two)).toBe('taken');
    expect(isLockedByOther(two)).toBe(true);
    expect(isLockedByOther(one)).toBe(false);
    unlock(one);
    expect(isLockedByOther(two)).toBe(false);
    expect(tryLock(two)).toBe('locked');
  });

  test('can be of some bytes only, wherever the file ends', () => {
    const [one, two] = [another(), another()];
    const far = (1n << 62n) - 1n;
    expect(tryLock(one, far, 1n)).toBe('locked');
    expect(tryLock(two, far - 1n, 1n)).toBe('locked');
    expect(tryLock(two, far, 1n)).toBe('taken');
  });

  test('goes to a program that inherits the descriptor: closing it here is not the end of it', async () => {
    const first = openSync(path, 'a');
    expect(tryLock(first)).toBe('locked');
    const child = await heir(first);
    closeSync(first);
    const two = another();
    expect(tryLock(two)).toBe('taken');
    await end(child);
    expect(tryLock(two)).toBe('locked');
  });

  test('is let go of for all who have it', async () => {
    const one = another();
    expect(tryLock(one)).toBe('locked');
    const child = await heir(one);
    unlock(one);
    expect(tryLock(another())).toBe('locked');
    await end(child);
  });

  test('names the errno of what can not be locked', () => {
    another();
    expect(tryLock(another('r'))).toBe('EBADF');
    expect(isLockedByOther(-1)).toBe(false);
  });
});
