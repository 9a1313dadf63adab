/** Labels of mounts, as steps. */
import { orThrow, renderOperation } from '@haco/core';
import { syscall, type Operation } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { expect, test } from 'vitest';
import { plainConfig } from '../fixture.js';
import { fromConfig } from '../index.js';
import { insertOperations } from './insert-operations.js';
import { withMountLabel } from './mount-label.js';

const label = 'system_u:object_r:container_file_t:s0:c1,c2';
const mount = (destination: string, type: string) => ({ destination, type, source: type });
const linux = { ...(plainConfig().linux as object), maskedPaths: ['/proc/kcore'] };
const mounts = [
  mount('/proc', 'proc'),
  mount('/t', 'tmpfs'),
  mount('/dev/pts', 'devpts'),
  mount('/q', 'mqueue'),
  mount('/sys', 'sysfs'),
];
const steps = orThrow(
  orThrow(fromConfig({ ...plainConfig(), mounts, linux }, { stubs: true })).explain({ host: storedHosts.hybrid }),
).steps;
const calls = (operations: readonly Operation[] = []) => operations.map(renderOperation);

test('every filesystem of the container has the label from its beginning, those of the kernel have none', () => {
  const shaped = withMountLabel(steps, label);
  const labelled = shaped
    .flatMap(({ operations }) => calls(operations))
    .filter((call) => call.startsWith('fsopen') || call.includes(label))
    .map((call) => call.replace(/^fsopen\("(\w+)".*/, '$1').replace(/^(\w+)\(.*/, '$1'));
  const text = labelled.join(' ');
  expect(text).toContain('tmpfs fsconfig');
  expect(text).toContain('devpts fsconfig');
  expect(text).toContain('mqueue setxattr');
  expect(text).not.toMatch(/(proc|sysfs) (fsconfig|setxattr)/);
  expect(withMountLabel(steps, '')).toBe(steps);
});

test('what a skip leaves out is the same with more operations in it', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((path) => syscall('chdir', [path]));
  if (a === undefined || b === undefined || c === undefined || d === undefined) return;
  const given = [{ ...a, skipOnSuccess: 2, tolerate: ['ENOENT'], skipOnTolerated: 1 }, b, c, d];
  const found = insertOperations(given, (operation) => (operation === b ? [syscall('chroot', ['x'])] : []));
  expect(found[0]).toMatchObject({ skipOnSuccess: 3, skipOnTolerated: 2 });
  expect(calls(found).slice(1)).toEqual(['chdir("b")', 'chroot("x")', 'chdir("c")', 'chdir("d")']);
});
