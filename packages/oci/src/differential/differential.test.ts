/** What the differential test stands on: cases that are the same every time, and a comparison that sees what differs. */
import { describe, expect, test } from 'vitest';
import { type Host } from './case.js';
import { casesOf, familyNames } from './cases/index.js';
import { Ledger } from './ledger.js';
import { differences, observe } from './observe.js';

const host: Host = { data: '/data', group: '/group', holder: 1234, disk: '8:0' };
const around = { rootfs: '/tmp/root', namespaces: new Map([[1, 'host']]) };
const seen = (line: object, question: string) =>
  observe({ exitCode: 0, stdout: `${JSON.stringify(line)}\n`, stderr: '' }, [question.split(' ')], around);

test('cases have names of their own, and are the same in every run', () => {
  const all = () => familyNames.flatMap((family) => casesOf(family, host));
  const names = all().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(400);
  expect(all()).toEqual(all());
});

describe('what is seen', () => {
  test('is a text by its path, without numbers that differ from run to run', () => {
    const mount = { id: 5, parent: 4, device: '0:9', root: '/tmp/root/a', target: '/a', propagation: ['master:7'] };
    const rows = seen({ mounts: [{ ...mount, options: 'ro', superOptions: 'rw' }] }, 'mounts');
    expect(Object.fromEntries(rows)).toEqual({
      outcome: 'ran',
      'exit code': '0',
      'mounts./a.root': '<rootfs>/a',
      'mounts./a.target': '/a',
      'mounts./a.options': 'ro',
      'mounts./a.superOptions': 'rw',
      'mounts./a.propagation': '["master"]',
    });
    expect(Object.fromEntries(seen({ uts: 1, ipc: 2, time: null }, 'ns'))).toMatchObject({
      'ns.uts': 'host',
      'ns.ipc': 'own',
      'ns.time': 'none',
    });
  });

  test('differs where one has it and the other not, and only in the outcome where one has refused', () => {
    const some = seen({ uid: 5 }, 'ids');
    expect(differences(some, seen({ uid: 6 }, 'ids'))).toEqual([{ path: 'ids.uid', haco: '5', other: '6' }]);
    const refused = observe({ exitCode: 1, stdout: '', stderr: 'no' }, [], around);
    expect(differences(some, refused)).toEqual([{ path: 'outcome', haco: 'ran', other: 'refused' }]);
  });
});

test('a difference that nobody knows is told, and so is a known one that is none any more', () => {
  const known = { cases: ['a', 'b'], paths: /^x$/, reason: '' };
  const ledger = new Ledger([known, { ...known, cases: /c/ }]);
  const x = { path: 'x', haco: '1', other: '2' };
  expect(ledger.enter('a', [x, { ...x, path: 'y' }])).toEqual([{ ...x, path: 'y' }]);
  expect(ledger.stale()).toEqual(['b at /^x$/', '/c/ at /^x$/']);
  ledger.enter('b', [x]);
  ledger.enter('c', [x]);
  expect(ledger.stale()).toEqual([]);
});
