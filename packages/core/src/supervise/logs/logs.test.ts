/** Logs: lines that are cut, files that are put aside, readers that go on across them, sockets of journal and syslog. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { libc, rawSyscall, syscallNumbers } from '@haco/sys';
import { LineSplitter, longestPiece } from './line-splitter.js';
import { readLogs, type ReadLogsOptions } from './read-logs.js';
import { formatLine, parseLine, type LogRecord } from './record.js';
import { RotatedFile } from './rotated-file.js';
import { openJournal, openSyslog, syslogMessage } from './socket-sinks.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'haco-test-logs-'));
  path = join(directory, 'log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function read(options: ReadLogsOptions = {}, isOver = () => true): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { text } of readLogs(path, options, isOver)) texts.push(text);
  return texts;
}

test('a line says when, where from and what; anything else is none', () => {
  const line = `${formatLine('2026-01-01T00:00:00.000Z', 'stderr', false)}hello: F world`;
  expect(parseLine(line)).toEqual({
    time: '2026-01-01T00:00:00.000Z',
    stream: 'stderr',
    partial: false,
    text: 'hello: F world',
  });
  expect(parseLine('hello')).toBeUndefined();
  expect(parseLine('2026-99-01T00:00:00.000Z stdout F x')).toBeUndefined();
});

test('however a text comes, its lines are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n', 'ü') })), (chunks) => {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line.toString('utf8')));
      // Bytes, not characters: a character may be cut in two.
      for (const byte of Buffer.from(chunks.join(''))) splitter.push(Buffer.from([byte]));
      splitter.end();
      const expected = chunks.join('').split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(lines).toEqual(expected);
    }),
  );
});

test('a line without end is written in pieces, and read as one', async () => {
  const file = RotatedFile.open({ path, maxBytes: 1024 ** 2, files: 2 })._unsafeUnwrap();
  const splitter = new LineSplitter((line, partial) => file.write('stdout', line, partial));
  const long = 'x'.repeat(longestPiece * 2 + 5);
  splitter.push(Buffer.from(`${long}\nshort\nlast`));
  splitter.end();
  file.close();
  expect(
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.slice(25, 34)),
  ).toEqual(['stdout P ', 'stdout P ', 'stdout F ', 'stdout F ', 'stdout F ', '']);
  expect(await read()).toEqual([long, 'short', 'last']);
});

test('files are put aside as they grow, as many as were asked for, and read in order', async () => {
  const file = RotatedFile.open({ path, maxBytes: 1024, files: 3 })._unsafeUnwrap();
  for (let i = 0; i < 200; i += 1) file.write('stdout', Buffer.from(`line ${String(i)}`), false);
  file.close();
  expect(readdirSync(directory).sort()).toEqual(['log', 'log.1', 'log.2']);
  for (const name of readdirSync(directory))
    expect(readFileSync(join(directory, name)).length).toBeLessThanOrEqual(1024);
  const lines = await read();
  expect(lines.at(-1)).toBe('line 199');
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => `line ${String(200 - lines.length + i)}`));
  expect(await read({ tail: 2 })).toEqual(['line 198', 'line 199']);
  expect(await read({ tail: 0 })).toEqual([]);
});

test('a log of one file is emptied when it is full', async () => {
  const file = RotatedFile.open({ path, maxBytes: 1024, files: 1 })._unsafeUnwrap();
  for (let i = 0; i < 100; i += 1) file.write('stdout', Buffer.from(`line ${String(i)}`), false);
  file.close();
  expect(readdirSync(directory)).toEqual(['log']);
  expect((await read()).at(-1)).toBe('line 99');
});

test('a reader that follows misses nothing across files, and ends with the container', async () => {
  const file = RotatedFile.open({ path, maxBytes: 2048, files: 100 })._unsafeUnwrap();
  let over = false;
  const reading = read({ follow: true }, () => over);
  for (let i = 0; i < 500; i += 1) {
    file.write(i % 2 === 0 ? 'stdout' : 'stderr', Buffer.from(`line ${String(i)}`), false);
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  file.close();
  over = true;
  expect(await reading).toEqual(Array.from({ length: 500 }, (_, i) => `line ${String(i)}`));
});

test('since a moment', async () => {
  writeFileSync(path, '2026-01-01T00:00:00.000Z stdout F old\n2026-01-02T00:00:00.000Z stdout F new\n');
  expect(await read({ sinceMs: Date.parse('2026-01-01T12:00:00Z') })).toEqual(['new']);
});

test('what was cut off or scribbled into it is passed over', async () => {
  writeFileSync(path, 'scribble\n2026-01-01T00:00:00.000Z stdout F good\n2026-01-01T00:00');
  expect(await read()).toEqual(['good']);
  appendFileSync(path, ':01.000Z stdout F whole\n');
  expect(await read()).toEqual(['good', 'whole']);
});

test('a log that isn’t there is empty; a directory that isn’t there can’t have one', async () => {
  expect(await read()).toEqual([]);
  const nowhere = RotatedFile.open({ path: join(directory, 'no', 'log'), maxBytes: 1024, files: 1 });
  expect(nowhere._unsafeUnwrapErr().message).toBe(
    `Could not open the log "${directory}/no/log": ENOENT; make its directory first.`,
  );
});

test('a full disk loses lines and stops nothing', () => {
  const file = RotatedFile.open({ path: '/dev/full', maxBytes: 1024, files: 1 })._unsafeUnwrap();
  expect(() => file.write('stdout', Buffer.from('lost'), false)).not.toThrow();
  file.close();
});

test('the journal gets a header and lines, each stream with its priority', async () => {
  const socket = join(directory, 'journal');
  const seen: string[] = [];
  const closed: Promise<void>[] = [];
  const server = createServer((client) => {
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    closed.push(new Promise((resolve) => client.on('close', () => (seen.push(text), resolve()))));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const sink = (await openJournal('web', socket))._unsafeUnwrap();
  sink.write('stdout', Buffer.from('hello'), false);
  sink.write('stderr', Buffer.from('oops'), false);
  sink.close();
  await expect.poll(() => closed.length).toBe(2);
  await Promise.all(closed);
  server.close();
  expect(seen.sort()).toEqual(['web\n\n3\n0\n0\n0\n0\noops\n', 'web\n\n6\n0\n0\n0\n0\nhello\n']);
});

test('without a journal it says so', async () => {
  const missing = await openJournal('web', join(directory, 'none'));
  expect(missing._unsafeUnwrapErr().message).toBe(
    `There is no socket of the journal "${directory}/none"; nobody listens there (ENOENT); start systemd-journald, or say logs({ to: 'file' }).`,
  );
});

test('syslog gets datagrams with priority, time and name; without one it says so', () => {
  const socket = join(directory, 'syslog');
  expect(openSyslog('web', socket)._unsafeUnwrapErr().message).toBe(
    `There is no socket of syslog "${socket}"; nobody listens there (ENOENT); start a syslog daemon, or say logs({ to: 'file' }).`,
  );
  const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
  const fd = rawSyscall(numbers.socket, 1, 2, 0);
  const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(`${socket}\0`)]);
  expect(rawSyscall(numbers.bind, fd, address, address.length)).toBe(0);
  const sink = openSyslog('web', socket)._unsafeUnwrap();
  sink.write('stderr', Buffer.from('oops'), false);
  sink.close();
  const buffer = Buffer.alloc(200);
  const count = rawSyscall(numbers.recvfrom, fd, buffer, 200, 0x40, null, null);
  libc().close(fd);
  expect(buffer.subarray(0, count).toString()).toMatch(/^<27>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d web: oops$/);
  const stream: LogRecord['stream'] = 'stdout';
  expect(syslogMessage(new Date(2026, 0, 2, 3, 4, 5), 'web', stream, 'x')).toBe('<30>Jan  2 03:04:05 web: x');
});
