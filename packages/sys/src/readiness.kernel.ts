/** Waiting for descriptors in Node's event loop. */
import { closeSync, readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { libc, rawSyscall } from './libc.js';
import { syscallNumbers } from './codec/numbers.generated.js';
import { watchReadiness } from './readiness.js';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const opened: number[] = [];
afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd);
});

function eventfd(): number {
  const fd = rawSyscall(syscallNumbers[arch].eventfd2, 0, 0o2004000);
  opened.push(fd);
  return fd;
}

function add(fd: number): void {
  const one = Buffer.alloc(8);
  one.writeBigUInt64LE(1n);
  writeSync(fd, one);
}

test('an eventfd calls back each time it is written to, and not when it is closed', async () => {
  const [fd, other] = [eventfd(), eventfd()];
  const seen: number[] = [];
  const take = (which: number) => () => {
    readSync(which, Buffer.alloc(8));
    seen.push(which);
  };
  const watch = watchReadiness(fd, 'readable', take(fd))._unsafeUnwrap();
  const second = watchReadiness(other, 'readable', take(other))._unsafeUnwrap();
  const sorted = (): readonly number[] => [...seen].sort();
  add(fd);
  await expect.poll(() => seen).toEqual([fd]);
  add(fd);
  add(other);
  await expect.poll(sorted).toEqual([fd, fd, other].sort());
  watch.close();
  add(fd);
  // When this is seen, the other would have been seen too.
  add(other);
  await expect.poll(() => seen.length).toBe(4);
  expect(sorted()).toEqual([fd, fd, other, other].sort());
  second.close();
});

test('what can not be watched is an error', () => {
  expect(watchReadiness(9999, 'readable', () => undefined)._unsafeUnwrapErr()).toMatchObject({ errno: 'EBADF' });
});

test('no descriptor is kept when nothing is watched', () => {
  const fd = eventfd();
  const watch = watchReadiness(fd, 'readable', () => undefined)._unsafeUnwrap();
  watch.close();
  watch.close();
  const again = libc().epoll_create1(0o2000000);
  libc().close(again);
  const next = watchReadiness(fd, 'readable', () => undefined)._unsafeUnwrap();
  next.close();
  const after = libc().epoll_create1(0o2000000);
  libc().close(after);
  expect(after).toBe(again);
});

test('worker threads are a loop of their own', async () => {
  const require = JSON.stringify(`${import.meta.dirname}/../package.json`);
  const code = `
    const koffi = require('node:module').createRequire(${require})('koffi');
    const fs = require('node:fs');
    const fd = koffi.load(null).func('int eventfd(int, int)')(0, 0o2004000);
    const handle = koffi.node.poll(fd, { readable: true }, () => {
      fs.readSync(fd, Buffer.alloc(8));
      handle.close();
      require('node:worker_threads').parentPort.postMessage('ready');
    });
    fs.writeSync(fd, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));`;
  const worker = new Worker(code, { eval: true });
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  expect(message).toBe('ready');
  await worker.terminate();
});
