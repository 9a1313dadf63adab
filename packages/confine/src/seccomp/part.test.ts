/** What the seccomp part asks of the kernel. */
import {
  type InvalidSpecError,
  Live,
  noFacts,
  renderPlan,
  type PlanContext,
  type SharedFacts,
  type HostFacts,
} from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { seccomp } from './part.js';
import type { SeccompSection } from './section.js';

const host = {
  euid: 0,
  capabilities: ['chown', 'sys_admin'],
  noNewPrivileges: false,
  kernel: { release: '6.1.0', major: 6, minor: 1 },
} as unknown as HostFacts;

function contextOf(facts: Partial<SharedFacts> = {}, changes: Partial<HostFacts> = {}): PlanContext {
  return { host: { ...host, ...changes }, facts: { ...noFacts, ...facts } };
}

const section = seccomp.verbs.seccomp({}, 'default') as SeccompSection;

function shown(given: SeccompSection, context: PlanContext): string {
  return renderPlan({ version: 1, name: '', steps: seccomp.plan(given, context), warnings: [] });
}

describe('plan', () => {
  test('nothing asked is nothing done', () => {
    expect(seccomp.plan({}, contextOf())).toEqual([]);
    expect(seccomp.check({}, contextOf({}, { capabilities: [] }))).toEqual([]);
  });

  test('for another machine, the program stays open', () => {
    expect(shown(section, contextOf({ noNewPrivileges: true }))).toMatchInlineSnapshot(`
      "Plan: 1 steps

      In the container's first process:
        1 [filter] filter system calls by the profile default
          why: the kernel does only what the command needs; last of all, so that it need not allow the set-up (seccomp.filters[0], seccomp(2))
            seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=<length>, pad=0, pad=0, filter=<program>})
      "
    `);
  });

  test.each<[string, string, Partial<SharedFacts>, Partial<HostFacts>?]>([
    ['with no_new_privs', 'filter', { noNewPrivileges: true, boundingSet: [] }],
    ['with no_new_privs of Node itself', 'filter', { boundingSet: [] }, { noNewPrivileges: true }],
    ['with CAP_SYS_ADMIN among what is kept', 'filter', { boundingSet: ['sys_admin'] }],
    ['as root that keeps everything', 'filter', {}],
    ['before CAP_SYS_ADMIN is dropped', 'limits', { boundingSet: ['chown'] }],
    ['before CAP_SYS_ADMIN is in effect no more', 'limits', { boundingSet: ['sys_admin'], effectiveSet: [] }],
    ['before the user changes', 'limits', { uid: 1000 }],
  ])('%s it is loaded in phase %s', (_name, phase, facts, changes) => {
    expect(seccomp.plan(section, contextOf(facts, changes)).map((step) => step.phase)).toEqual([phase]);
  });

  test('the filter that asks comes first, and Node is told while its socket is open', () => {
    const given = seccomp.verbs.onSyscall(section, 'connect', () => 'continue') as SeccompSection;
    const steps = seccomp.plan(given, contextOf({ noNewPrivileges: true }));
    expect(steps.map(({ id, phase }) => [id, phase])).toEqual([
      ['seccomp.listen', 'confine'],
      ['seccomp.ask', 'filter'],
      ['seccomp.filter-0', 'filter'],
    ]);
    expect(shown(given, contextOf({ noNewPrivileges: true }))).toContain(
      'seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER|SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, {len=<length>',
    );
  });

  test('an ordinary user without no_new_privs is told before anything is tried', () => {
    expect(seccomp.check(section, contextOf({}, { euid: 1000, capabilities: [] }))).toEqual([
      {
        step: 'seccomp.filter-0',
        kind: 'permission',
        message:
          'Filtering system calls takes CAP_SYS_ADMIN where programs may still gain privileges, so that none is misled; add noNewPrivileges(), or unshare("user").',
      },
    ]);
    expect(seccomp.check(section, contextOf({ unshared: ['user'] }, { euid: 1000, capabilities: [] }))).toEqual([]);
  });
});

describe('verbs', () => {
  test('filters add up, a handler replaces the one before', () => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
    const one = seccomp.verbs.seccomp(section, profile) as SeccompSection;
    expect(seccomp.verbs.seccomp(one, '/etc/profile.json')).toEqual({
      filters: [{ preset: 'default' }, { profile }, { file: '/etc/profile.json' }],
    });
    const first = seccomp.verbs.onSyscall({}, 'connect', () => 'continue') as SeccompSection;
    const handler = () => 'continue' as const;
    expect(seccomp.verbs.onSyscall(first, 'connect', handler)).toEqual({
      answered: [{ name: 'connect', handler: new Live(handler, 'a function') }],
    });
  });

  test.each<[unknown, string]>([
    [
      seccomp.verbs.seccomp({}, 'dokcer'),
      'seccomp.filters[0]: "dokcer" is no preset; use "default", a profile, or a path with a "/"',
    ],
    [
      seccomp.verbs.seccomp({}, 'constructor'),
      'seccomp.filters[0]: "constructor" is no preset; use "default", a profile, or a path with a "/"',
    ],
    [
      seccomp.verbs.seccomp(section, {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['raed'], action: 'SCMP_ACT_LOG' }],
      }),
      'seccomp.filters[1].syscalls[0].names[0]: "raed" is no system call; did you mean "read"?',
    ],
    [
      seccomp.verbs.onSyscall({}, 'conect', () => 'continue'),
      'seccomp.answered: "conect" is no system call; did you mean "connect"?',
    ],
    [
      seccomp.verbs.onSyscall({}, 'connect', 'no' as never),
      'seccomp.answered.connect: must have a function that answers',
    ],
  ])('refuse what makes no sense', (result, message) => {
    const { issues } = result as InvalidSpecError;
    expect(issues.map((one) => `${one.path}: ${one.message}`)).toEqual([message]);
  });
});

describe('parse', () => {
  test('sections survive JSON, handlers do not', () => {
    expect(seccomp.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
    const live = seccomp.verbs.onSyscall({}, 'connect', () => 'continue');
    expect(seccomp.parse(JSON.parse(JSON.stringify(live)))._unsafeUnwrapErr()).toEqual([
      {
        path: 'answered[0].handler',
        message: "a function can't come from JSON; call .onSyscall() on the builder again",
      },
    ]);
  });

  test('programs never come from JSON', () => {
    const json = { filters: [{ preset: 'default', compiled: { program: '', length: 0 } }, {}], learn: true };
    expect(
      seccomp
        .parse(json)
        ._unsafeUnwrapErr()
        .map(({ path }) => path),
    ).toEqual(['learn', 'filters[0].compiled', 'filters[1]']);
  });
});
