/** Profiles as others write them, and as nobody should. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseProfile } from './read-profile.js';

const docker: unknown = JSON.parse(readFileSync(new URL('fixtures/docker-default.json', import.meta.url), 'utf8'));

function problems(json: unknown): readonly string[] {
  return parseProfile(json)
    ._unsafeUnwrapErr()
    .map(({ path, message }) => `${path}: ${message}`);
}

const noAgents =
  "hands calls to an agent outside, which haco doesn't do; give them another action, or let functions of Node answer them with onSyscall(name, handler)";

describe('accepted as it is', () => {
  test('the default profile of Docker', () => {
    const profile = parseProfile(docker)._unsafeUnwrap();
    expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(profile.syscalls?.[0]?.names).toContain('accept');
    expect(parseProfile(profile)._unsafeUnwrap()).toEqual(profile);
  });

  test('the spelling of Podman, with nulls, empty values and names of errnos', () => {
    const rule = {
      names: ['socket'],
      action: 'SCMP_ACT_ERRNO',
      args: null,
      comment: '',
      includes: {},
      excludes: { caps: ['CAP_AUDIT_WRITE'] },
      errnoRet: 22,
      errno: 'EINVAL',
    };
    const json = {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      defaultErrno: 'ENOSYS',
      archMap: null,
      syscalls: [rule],
    };
    expect(parseProfile(json)._unsafeUnwrap()).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      syscalls: [
        {
          names: ['socket'],
          action: 'SCMP_ACT_ERRNO',
          comment: '',
          includes: {},
          excludes: { caps: ['CAP_AUDIT_WRITE'] },
          errnoRet: 22,
        },
      ],
    });
  });

  test("Docker's first format, one name for each rule", () => {
    const json = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ name: 'read', action: 'SCMP_ACT_ALLOW', args: [] }] };
    expect(parseProfile(json)._unsafeUnwrap().syscalls).toEqual([
      { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [] },
    ]);
  });
});

describe('refused', () => {
  test('everything at once, each with its path', () => {
    const json = {
      defaultAction: 'SCMP_ACT_DENY',
      defaultErrnoRet: 5000,
      architectures: ['SCMP_ARCH_X86', 'x86'],
      archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
      flags: ['SECCOMP_FILTER_FLAG_NEW_LISTENER'],
      listenerPath: '/run/agent.sock',
      syscalls: [
        { names: ['opne', 'read', 7], action: 'SCMP_ACT_ALLOW' },
        { names: ['frobnicate'], action: 'SCMP_ACT_NOTIFY', arg: [] },
        { names: [], action: 'SCMP_ACT_LOG' },
        {
          names: ['ioctl'],
          action: 'SCMP_ACT_ERRNO',
          errno: 'EPERM',
          args: [{ index: 6, value: -1, op: 'EQ' }],
          includes: { caps: ['CAP_SUPER'], minKernel: '4', arch: [] },
        },
      ],
    };
    expect(problems(json)).toEqual([
      'defaultAction: must be one of "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_LOG", "SCMP_ACT_ALLOW"',
      'defaultErrnoRet: must be an errno, a whole number from 0 to 4095',
      expect.stringMatching(/^architectures\[1\]: must be one of "SCMP_ARCH_X86", /),
      'flags[0]: must be one of "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"',
      'syscalls[0].names[0]: "opne" is no system call; did you mean "open"?',
      'syscalls[0].names[2]: must be the name of a system call',
      'syscalls[1].arg: is not known here',
      'syscalls[1].names[0]: "frobnicate" is no system call; see syscalls(2)',
      `syscalls[1].action: is SCMP_ACT_NOTIFY, which ${noAgents}`,
      'syscalls[2].names: names no system call',
      'syscalls[3].args[0].index: must be 0 to 5: a system call has six arguments',
      'syscalls[3].args[0].value: must be a whole number from 0 to 9007199254740991, what JSON can tell exactly',
      expect.stringMatching(/^syscalls\[3\]\.args\[0\]\.op: must be one of "SCMP_CMP_NE", /),
      'syscalls[3].includes.arch: is not known here',
      'syscalls[3].includes.caps[0]: "CAP_SUPER" is no capability; see capabilities(7)',
      'syscalls[3].includes.minKernel: must be a version such as "4.8"',
      'syscalls[3].errno: needs errnoRet beside it: the number of the errno',
      'archMap: says the same as architectures; give one of both',
    ]);
  });

  test('an agent that answers calls, in one sentence', () => {
    const allow = { defaultAction: 'SCMP_ACT_ALLOW' };
    const notify = { names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' };
    const agent = { listenerPath: '/run/agent.sock', listenerMetadata: 'container 5' };
    const atFirst = [`syscalls[0].action: is SCMP_ACT_NOTIFY, which ${noAgents}`];
    expect(problems({ ...allow, syscalls: [notify] })).toEqual(atFirst);
    expect(problems({ ...allow, ...agent, syscalls: [notify] })).toEqual(atFirst);
    expect(problems({ ...allow, ...agent })).toEqual([`listenerPath: ${noAgents}`]);
    expect(problems({ ...allow, listenerMetadata: 'container 5' })).toEqual([`listenerMetadata: ${noAgents}`]);
    expect(problems({ defaultAction: 'SCMP_ACT_NOTIFY' })).toEqual([
      `defaultAction: is SCMP_ACT_NOTIFY, which ${noAgents}`,
    ]);
    expect(parseProfile({ ...allow, listenerPath: '', listenerMetadata: null }).isOk()).toBe(true);
  });

  test.each([null, 7, 'default', [], undefined, () => 1])('%s is no profile', (json) => {
    expect(parseProfile(json).isErr()).toBe(true);
  });

  test('fields of the prototype are not looked at, and __proto__ is a field like others', () => {
    const inherited: unknown = Object.create({ defaultAction: 'SCMP_ACT_ALLOW' });
    expect(problems(inherited)[0]).toMatch(/^defaultAction: must be/);
    const own: unknown = JSON.parse('{"defaultAction":"SCMP_ACT_ALLOW","__proto__":{"flags":[]}}');
    expect(problems(own)).toEqual(['__proto__: is not known here']);
    const words = { defaultAction: 'toString', syscalls: [{ names: ['constructor'], action: '__proto__' }] };
    expect(problems(words)).toHaveLength(3);
  });

  test('a getter is asked once, and one that throws is a problem', () => {
    let asked = 0;
    const shifty = {
      get defaultAction() {
        return asked++ === 0 ? 'SCMP_ACT_ERRNO' : 'SCMP_ACT_ALLOW';
      },
    };
    expect(parseProfile(shifty)._unsafeUnwrap().defaultAction).toBe('SCMP_ACT_ERRNO');
    const broken = {
      get defaultAction() {
        throw new Error('no');
      },
    };
    expect(problems(broken)).toEqual([": can't be read (no); give plain data"]);
  });
});
