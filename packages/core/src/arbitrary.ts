/** For property tests: builders made of random verbs with arguments that make sense. */
import fc from 'fast-check';
import { namespaceKinds } from '@haco/plan';
import type { Builder } from './builder.js';
import { haco } from './haco.js';

/** A verb with its arguments, as plain values. */
export type Call = readonly [verb: string, ...args: readonly unknown[]];

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
const path = fc
  .array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const id = fc.integer({ min: 0, max: 65_535 });
const call = (verb: string, ...args: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<Call> =>
  fc.tuple(fc.constant(verb), ...args) as fc.Arbitrary<Call>;

/** Verbs that fit together in any order, after `unshare` of every kind. */
export const calls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.oneof(
    call('name', name),
    call('hostname', name),
    call('metadata', fc.dictionary(name, text, { maxKeys: 3 })),
    fc.tuple(
      fc.constant('command'),
      text.filter((value) => value !== ''),
      text,
      text,
    ) as fc.Arbitrary<Call>,
    call('sh', text),
    call('workdir', path),
    call('env', fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), text, { maxKeys: 3 })),
    call('user', id, id, fc.array(id, { maxLength: 3 })),
    call(
      'scheduler',
      fc.oneof(
        fc.record({ policy: fc.constantFrom('other', 'batch'), nice: fc.integer({ min: -20, max: 19 }) }),
        fc.record({ policy: fc.constantFrom('fifo', 'rr'), priority: fc.integer({ min: 1, max: 99 }) }),
      ),
    ),
    call('ioPriority', fc.constantFrom('rt', 'be', 'idle'), fc.integer({ min: 0, max: 7 })),
    call('cpuAffinity', fc.oneof(fc.constant('0-3,7'), fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1 }))),
    call('execCpuAffinity', fc.constantFrom({ initial: '0' }, { final: [1] })),
    call('personality', fc.constantFrom('linux', 'linux32')),
    call('chroot', path),
    call('mount', path, path, fc.record({ readonly: fc.boolean() }, { requiredKeys: [] })),
    call('tmpfs', path, fc.record({ size: fc.constantFrom('1MiB', 65_536) }, { requiredKeys: [] })),
    call('independent', fc.constantFrom('procfs', 'dev', 'mqueue', 'shm')),
    call('file', path, fc.oneof(text, fc.uint8Array({ maxLength: 9 }))),
    call('overlay', path),
    call('mask', path, path),
    call('readonlyPaths', path),
    call('cpu', fc.integer({ min: 1, max: 400 })),
    call('memory', fc.constantFrom('64MiB', '1.5GiB', 1_048_576)),
    call('pids', fc.integer({ min: 1, max: 1000 })),
    call('cpuTimeout', fc.constantFrom('10s', 500)),
    call('rlimit', fc.constantFrom('nofile', 'core', 'fsize'), fc.integer({ min: 0, max: 1000 })),
    call('caps', fc.constantFrom('docker', 'none', 'chown', 'net_bind_service')),
    call('noNewPrivileges'),
    call('sessionKeyring'),
    call('coreScheduling', fc.record({ degrade: fc.boolean() })),
    call('apparmor', name, fc.record({ degrade: fc.boolean() })),
    call('securebits', fc.constantFrom('noroot', 'keep_caps_locked')),
    call(
      'landlock',
      fc.record({ read: path, write: path, bind: id, scopes: fc.constant('signal') }, { requiredKeys: ['read'] }),
    ),
    call('timeout', fc.constantFrom('1s', '2m', 1500)),
    call('outputLimit', fc.constantFrom('1MiB', 10)),
    call('stdin', fc.constantFrom({ text: 'hello' }, { file: '/etc/hostname' }, 'null', new Uint8Array([0, 255]))),
    call('stdout', fc.constantFrom('null', { file: '/tmp/out', append: true }, 'inherit')),
    call('init'),
  ),
  { maxLength: 12 },
);

/** Apply verbs to a builder that has all namespaces. */
export function apply(list: readonly Call[], base: unknown = haco().unshare(...namespaceKinds)): Builder {
  return list.reduce(
    (builder, [verb, ...args]) =>
      (builder as Record<string, (...args: readonly unknown[]) => Builder>)[verb]?.(...args) as Builder,
    base,
  ) as Builder;
}
