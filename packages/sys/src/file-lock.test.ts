import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { err, ok } from 'neverthrow';
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
    expect(tryLock(one)).toEqual(ok(true));
    expect(tryLock(one)).toEqual(ok(true));
    expect(tryLock(two)).toEqual(ok(false));
    expect(isLockedByOther(two)).toBe(true);
    expect(isLockedByOther(one)).toBe(false);
    unlock(one);
    expect(isLockedByOther(two)).toBe(false);
    expect(tryLock(two)).toEqual(ok(true));
  });

  test('can be of some bytes only, wherever the file ends', () => {
    const [one, two] = [another(), another()];
    const far = (1n << 62n) - 1n;
    expect(tryLock(one, far, 1n)).toEqual(ok(true));
    expect(tryLock(two, far - 1n, 1n)).toEqual(ok(true));
    expect(tryLock(two, far, 1n)).toEqual(ok(false));
  });

  test('goes to a program that inherits the descriptor: closing it here is not the end of it', async () => {
    const first = openSync(path, 'a');
    expect(tryLock(first)).toEqual(ok(true));
    const child = await heir(first);
    closeSync(first);
    const two = another();
    expect(tryLock(two)).toEqual(ok(false));
    await end(child);
    expect(tryLock(two)).toEqual(ok(true));
  });

  test('is let go of for all who have it', async () => {
    const one = another();
    expect(tryLock(one)).toEqual(ok(true));
    const child = await heir(one);
    unlock(one);
    expect(tryLock(another())).toEqual(ok(true));
    await end(child);
  });

  test('names the errno of what can not be locked', () => {
    another();
    expect(tryLock(another('r'))).toEqual(err('EBADF'));
    expect(isLockedByOther(-1)).toBe(false);
  });
});
