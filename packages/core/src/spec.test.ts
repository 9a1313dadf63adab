/** The spec is a plain value: it survives JSON, nobody can change it, and all that is wrong with it is said at once. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { storedHosts } from '@haco/testkit';
import { encodePlan, wireOrder } from '@haco/sys';
import { apply, calls } from './arbitrary.js';
import { haco, orThrow, type HacoError, type Result } from './index.js';

// Hundreds of random specs each, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const errorOf = <T>(result: Result<T, HacoError>): HacoError => result._unsafeUnwrapErr();
const rejectedBy = (json: unknown): string => errorOf(haco.fromSpec(json)).message;

describe('a spec on its way through JSON', () => {
  test('is the same spec, whatever verbs made it', () => {
    fc.assert(
      fc.property(calls, (list) => {
        const spec = orThrow(apply(list).spec());
        const again = orThrow(orThrow(haco.fromSpec(through(spec))).spec());
        expect(again).toEqual(spec);
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same plan on every host', () => {
    fc.assert(
      fc.property(calls, fc.constantFrom(...Object.values(storedHosts)), (list, host) => {
        const builder = apply(list).name('same');
        const again = orThrow(haco.fromSpec(through(orThrow(builder.spec()))));
        expect(String(orThrow(again.explain({ host })))).toBe(String(orThrow(builder.explain({ host }))));
      }),
      { numRuns: 150 },
    );
  });

  test('leaves a plan that survives JSON itself, byte for byte as the launcher gets it', () => {
    const options = { callerPid: 1, dieWithCaller: true, notify: true, fds: [], arch: 'x64' } as const;
    fc.assert(
      fc.property(calls, fc.constantFrom(...Object.values(storedHosts)), (list, host) => {
        const plan = orThrow(apply(list).explain({ host }));
        const again = through(plan) as typeof plan;
        expect(again).toEqual({ ...plan });
        const bytes = (steps: typeof plan.steps): Buffer => Buffer.from(encodePlan(wireOrder(steps), options).bytes);
        expect(bytes(again.steps).equals(bytes(plan.steps))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('a spec without the sections that ask for nothing is enough', () => {
    const spec = orThrow(orThrow(haco.fromSpec({ version: 1, process: { command: { file: 'ls', args: [] } } })).spec());
    expect(spec).toEqual(orThrow(haco().command('ls').spec()));
  });

  test('a stream or a signal works here, and says in JSON what it was', () => {
    const live = haco().stdin(new PassThrough()).stdout(new PassThrough()).signal(new AbortController().signal);
    const json = through(orThrow(live.spec())) as { process: object; control: object };
    expect(json.process).toMatchObject({ stdin: { live: 'a Readable' }, stdout: { live: 'a Writable' } });
    expect(json.control).toEqual({ abort: { live: 'an AbortSignal' } });
    expect(rejectedBy(json)).toBe(
      "The spec has 3 problems: process.stdin: a Readable can't come from JSON; give the stream to the builder again; " +
        "process.stdout: a Writable can't come from JSON; give the stream to the builder again; " +
        "control.abort: an AbortSignal can't come from JSON; call .signal() on the builder again.",
    );
  });

  test('a spec that never left the process keeps its streams', () => {
    const stdin = new PassThrough();
    const spec = orThrow(haco().stdin(stdin).spec());
    expect(orThrow(orThrow(haco.fromSpec(spec)).spec()).process.stdin).toMatchObject({ value: stdin });
  });
});

describe('JSON that is no spec', () => {
  test('is refused with every problem and its path', () => {
    expect(rejectedBy(null)).toBe('The spec is invalid: a spec must be an object.');
    expect(rejectedBy([])).toBe('The spec is invalid: a spec must be an object.');
    expect(
      rejectedBy({
        version: 2,
        gpu: {},
        identity: { name: 7 },
        process: { command: 'ls', nice: 1, tty: {} },
        control: { timeoutMs: '1s' },
      }),
    ).toBe(
      'The spec has 7 problems: version: must be 1; ' +
        'gpu: is no section that this builder knows; add its part with haco({ parts }); ' +
        'identity.name: must be a string; ' +
        'process.command: must be { file, args } of strings; process.nice: is not a key of the process section; ' +
        'process.tty: must be { columns, rows }; control.timeoutMs: must be a number.',
    );
  });

  test('meanings are checked too, later, as for a builder', () => {
    const parsed = orThrow(
      haco.fromSpec({ version: 1, namespaces: { unshare: [], enter: [], persist: [], hostname: 'x' } }),
    );
    expect(errorOf(parsed.spec()).message).toBe(
      'The spec is invalid: namespaces.hostname: would rename the host; add unshare("uts").',
    );
  });

  test('never throws, and never passes as a spec that something is wrong with', () => {
    const section = fc.constantFrom(
      'identity',
      'process',
      'control',
      'namespaces',
      'mounts',
      'cgroups',
      'rlimits',
      'caps',
      'confine',
      'rootfs',
    );
    const json = fc.record({
      version: fc.constant(1),
      sections: fc.dictionary(section, fc.jsonValue(), { maxKeys: 4 }),
    });
    fc.assert(
      fc.property(json, ({ version, sections }) => {
        const result = haco.fromSpec({ version, ...sections }).andThen((builder) => builder.spec());
        if (result.isErr()) expect(result.error.kind).toBe('invalid-spec');
        else
          expect(
            haco
              .fromSpec(through(result.value))
              .andThen((builder) => builder.spec())
              .isOk(),
          ).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('nobody can change', () => {
  test('a base that was specialised', () => {
    fc.assert(
      fc.property(calls, calls, (base, more) => {
        const shared = apply(base);
        const before = JSON.stringify(orThrow(shared.spec()));
        apply(more, shared);
        expect(JSON.stringify(orThrow(shared.spec()))).toBe(before);
      }),
    );
  });

  test('a builder by changing what was given to a verb', () => {
    const groups = [1, 2];
    const variables = { A: '1' };
    const stdin = { text: 'hello' };
    const builder = haco().user(1, 1, groups).env(variables).stdin(stdin);
    const before = JSON.stringify(orThrow(builder.spec()));
    groups.push(0);
    variables.A = '2';
    stdin.text = 'bye';
    expect(JSON.stringify(orThrow(builder.spec()))).toBe(before);
  });

  test('a spec, at any depth', () => {
    const spec = orThrow(haco().env({ A: '1' }).user(1, 1, [2]).unshare('mount').tmpfs('/tmp').spec());
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(spec)).toBe(true);
    expect(isFrozen(orThrow(haco().spec()))).toBe(true);
  });

  test('a builder by changing the JSON that it came from', () => {
    const json = { version: 1, process: { command: { file: 'ls', args: ['/'] }, env: {}, init: false } };
    const builder = orThrow(haco.fromSpec(json));
    json.process.command.args.push('/root');
    expect(orThrow(builder.spec()).process.command?.args).toEqual(['/']);
  });
});

describe('what makes no sense', () => {
  test('is reported all at once, verbs and checks together, each with its path', () => {
    const any = haco() as unknown as Record<string, (...args: readonly unknown[]) => typeof any>;
    const wrong = [
      ['name', '../x'],
      ['command', 'a\0b', 'c\0d'],
      ['workdir', 'here'],
      ['env', { 'A=': '1' }],
      ['user', -1],
      ['unshare', 'network'],
      ['cpu', -50],
      ['memory', 'lots'],
      ['pids', -1],
      ['rlimit', 'files', 1],
      ['caps', 'fly'],
      ['cgroup', '../x', 1],
      ['timeout', 'soon'],
      ['outputLimit', '-1'],
      ['tty', { columns: 0 }],
      ['stdin', 7],
    ] as const;
    const builder = wrong.reduce((made, [verb, ...args]) => made[verb]?.(...args) as typeof any, any);
    const error = errorOf((builder as unknown as ReturnType<typeof haco>).spec());
    expect(error.message).toMatchInlineSnapshot(
      `"The spec has 17 problems: identity.name: "../x" is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit; cgroups.memory: "lots" is not a size; write a number of bytes or e.g. "256MiB", "1.5GiB", "64kB"; rlimits: "files" is no resource limit; use one of cpu, fsize, data, stack, core, rss, nproc, nofile, memlock, as, locks, sigpending, msgqueue, nice, rtprio, rttime; caps.keep[0]: "fly" is no capability (see capabilities(7)) and none of haconiwa, docker, all, none; cgroups.keys["../x"]: "../x" is not a cgroup key; write <controller>.<file>, e.g. "memory.high"; control.timeoutMs: "soon" is not a duration; write milliseconds or e.g. "500ms", "10s", "1m30s"; control.outputLimitBytes: "-1" is not a size; write a number of bytes or e.g. "256MiB", "1.5GiB", "64kB"; process.stdin: must be 'pipe', 'inherit', 'null', { text }, { file }, { fd }, bytes or a Readable; cgroups.cpu: -50 is not between 1 and 819200 percent of one CPU; cgroups.pids: -1 is not between 1 and 4194304 processes; namespaces.unshare[0]: "network" is no kind of namespace; use mount, uts, ipc, pid, net, user, cgroup, time; process.command.file: the command "a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out; process.command.args[0]: the argument "c\\u0000d" contains a NUL byte, at which the kernel would cut it; leave it out; process.workdir: "here" must be an absolute path; process.env: "A=" can't be the name of a variable; process.user.uid: -1 is not an id; ids are 0 to 4294967294; process.tty.columns: must be 1 to 65535 characters."`,
    );
    expect(error.kind === 'invalid-spec' && error.issues.map(({ path }) => path).sort()).toMatchInlineSnapshot(`
      [
        "caps.keep[0]",
        "cgroups.cpu",
        "cgroups.keys["../x"]",
        "cgroups.memory",
        "cgroups.pids",
        "control.outputLimitBytes",
        "control.timeoutMs",
        "identity.name",
        "namespaces.unshare[0]",
        "process.command.args[0]",
        "process.command.file",
        "process.env",
        "process.stdin",
        "process.tty.columns",
        "process.user.uid",
        "process.workdir",
        "rlimits",
      ]
    `);
  });

  test('tags that are no text are told, also those that JSON can not hold', async () => {
    const tags = { a: 5n, b: 'text', c: undefined, d: Symbol('s') } as unknown as Record<string, string>;
    const message =
      'The spec has 3 problems: identity.metadata.a: must be a string; identity.metadata.c: must be a string; identity.metadata.d: must be a string.';
    const tagged = haco().metadata(tags).command('true');
    expect(errorOf(tagged.spec()).message).toBe(message);
    expect(errorOf(await tagged.run()).message).toBe(message);
    const good = haco().metadata({ a: '1', b: '2' }).metadata({ b: '3' });
    expect(orThrow(good.spec()).identity.metadata).toEqual({ a: '1', b: '3' });
  });

  test('arguments of any text are answered with a result, never with a throw', () => {
    const verbs = [
      'name',
      'command',
      'sh',
      'workdir',
      'user',
      'unshare',
      'chroot',
      'memory',
      'timeout',
      'outputLimit',
      'tmpfs',
      'independent',
      'caps',
      'hostname',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...verbs), fc.string({ unit: 'binary' })), { maxLength: 5 }),
        (list) => {
          const result = apply(list).spec();
          if (result.isErr())
            expect(result.error.issues.every(({ path, message }) => path !== '' && message !== '')).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});
