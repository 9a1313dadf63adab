/** What a parked container receives says the whole command, and what doesn't fit is told before anything is sent. */
import { expect, test } from 'vitest';
import { parkedAddress, parkedPaths, requestBytes, requestWords } from '../process/parked.js';
import { emptyProcess, type ProcessSection } from '../process/section.js';
import { encodeRequest } from './request.js';

const section = (file: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  ({ ...emptyProcess, command: { file, args }, env }) satisfies ProcessSection;

/** Reads the request as the parked process does. */
function decode(request: Buffer) {
  const memory = request.subarray(requestBytes);
  const text = (address: number): string => {
    const at = address - parkedAddress;
    return memory.toString('utf8', at, memory.indexOf(0, at));
  };
  const table = (address: number): readonly string[] => {
    const texts: string[] = [];
    for (let at = address - parkedAddress; memory.readBigUInt64LE(at) !== 0n; at += 8) {
      texts.push(text(Number(memory.readBigUInt64LE(at))));
    }
    return texts;
  };
  const word = (index: number): number => request.readUInt32LE(index * 4);
  return {
    argv: table(word(requestWords.argv)),
    envp: table(word(requestWords.envp)),
    paths: Array.from({ length: parkedPaths }, (_, index) => text(word(requestWords.paths + index))),
  };
}

test('arguments, variables and the path arrive, whatever characters they have', () => {
  const request = encodeRequest(section('/bin/echo', ['', 'ü €', 'two words'], { A: '1', LONG: 'x'.repeat(5000) }));
  expect(decode(request._unsafeUnwrap())).toEqual({
    argv: ['/bin/echo', '', 'ü €', 'two words'],
    envp: ['A=1', `LONG=${'x'.repeat(5000)}`],
    paths: Array.from({ length: parkedPaths }, () => '/bin/echo'),
  });
});

test('a name is tried in each directory of PATH, the last one again where there are fewer', () => {
  const { paths } = decode(encodeRequest(section('echo', [], { PATH: '/a:/b' }))._unsafeUnwrap());
  expect(paths.slice(0, 3)).toEqual(['/a/echo', '/b/echo', '/b/echo']);
  expect(new Set(paths.slice(2))).toEqual(new Set(['/b/echo']));
});

test.each([
  ['no command', emptyProcess, 'process.command', 'is missing; name it in run(), or in the builder of the pool'],
  [
    'more directories than are tried',
    section('echo', [], { PATH: Array.from({ length: 17 }, (_, n) => `/${String(n)}`).join(':') }),
    'process.env.PATH',
    'has 17 directories, a pool looks in 16 at most; give the path of "echo"',
  ],
  [
    'more than there is room for',
    section('/bin/echo', ['x'.repeat(200_000)]),
    'process.command',
    'has 196 KiB together with its environment, a pool takes 192 KiB; send what is long by stdin',
  ],
])('%s is an invalid spec', (_name, given, path, message) => {
  expect(encodeRequest(given)._unsafeUnwrapErr().issues).toEqual([{ path, message }]);
});
