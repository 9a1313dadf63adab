/** State from disk is believed only when every field makes sense, and what doesn't is named. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleState } from './fixture.js';
import { parseState } from './parse.js';

const good = sampleState({
  status: 'running',
  pid: 42,
  startTime: 4711,
  supervisor: { pid: 41, startTime: 4700, detached: true },
  cgroups: [
    { version: 1, path: '/sys/fs/cgroup/pids/haco/web', inode: '17' },
    { version: 2, path: '/sys/fs/cgroup/unified/haco/web~frozen.42', inode: null },
  ],
  logFile: '/run/haco/web/log',
});

test('what was written is read', () => {
  expect(parseState(JSON.stringify(good), 'web')._unsafeUnwrap()).toEqual(good);
});

test.each<readonly [string, object | string, string]>([
  ['a file that was cut off', JSON.stringify(good).slice(0, 100), 'it is not JSON: it was cut off or overwritten'],
  ['an empty file', '', 'it is not JSON: it was cut off or overwritten'],
  ['a list', [], 'it holds no object'],
  ['another version', { ...good, version: 2 }, 'its version is 2, not 1'],
  ['no version', {}, 'its version is null, not 1'],
  ['the file of another container', { ...good, name: 'db' }, 'it belongs to a container of another name'],
  ['no name', { ...good, name: '../web' }, 'its field name makes no sense'],
  ['a process group for a pid', { ...good, pid: -1 }, 'its field pid makes no sense'],
  ['a pid as text', { ...good, pid: '42' }, 'its field pid makes no sense'],
  ['a status of somebody else', { ...good, status: 'dead' }, 'its field status makes no sense'],
  ['a supervisor without its start', { ...good, supervisor: { pid: 1 } }, 'its field supervisor makes no sense'],
  ['no spec', { ...good, spec: null }, 'its field spec makes no sense'],
  ['a time that is none', { ...good, createdAt: 'today' }, 'its field createdAt makes no sense'],
  ['an outcome that is none', { ...good, outcome: { reason: 'x' } }, 'its field outcome makes no sense'],
  [
    'a group of something else',
    { ...good, cgroups: [{ version: 1, path: '/sys/fs/cgroup/pids/system.slice', inode: '17' }] },
    'its field cgroups names a group of something else',
  ],
  [
    'a group by a way up',
    { ...good, cgroups: [{ version: 1, path: '/sys/fs/cgroup/pids/../web', inode: '17' }] },
    'its field cgroups makes no sense',
  ],
  ['a log that is no path', { ...good, logFile: 'log' }, 'its field logFile makes no sense'],
  ['a list of tags', { ...good, metadata: [] }, 'its field metadata makes no sense'],
])('%s is refused', (_name, json, sentence) => {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  expect(parseState(text, 'web')._unsafeUnwrapErr()).toBe(sentence);
});

test('no text makes it throw, and what it accepts it would write the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(parseState(text, 'web').isErr()).toBe(true);
    }),
  );
  const keys = Object.keys(good).filter((key) => key !== 'definition');
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      const changed = { ...good, [key]: value };
      void parseState(JSON.stringify(changed), 'web').map((state) =>
        expect(state).toEqual(JSON.parse(JSON.stringify(changed))),
      );
    }),
  );
});
