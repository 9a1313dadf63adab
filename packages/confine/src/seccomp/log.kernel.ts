/** Calls that are noted in the log of the kernel, whether they happen or not. */
import { readdirSync, readFileSync } from 'node:fs';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, expectNothingLeft, runCommand } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { follow, fromBytes } from './bpf.js';
import { architectures, natives, type SeccompAction, type SeccompFlag } from './words.js';

const chroot =
  process.arch === 'arm64'
    ? { number: 51, arch: architectures[natives.arm64.arch], args: [] }
    : { number: 161, arch: architectures[natives.x64.arch], args: [] };

/** SECCOMP_RET_LOG and SECCOMP_RET_ERRNO of linux/seccomp.h. */
const RET = { LOG: 0x7ffc_0000, ERRNO: 0x0005_0000 } as const;
const EPERM = 1;

const filtered = (action: SeccompAction, ...flags: readonly SeccompFlag[]) =>
  haco()
    .noNewPrivileges()
    .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', flags, syscalls: [{ names: ['chroot'], action }] })
    // Its own pid, by which the log is searched.
    .sh('echo $$; exec chroot / /bin/echo made');

/** How the plan loads its filter: the flags, and what the program answers to chroot(2). */
function filterOf(builder: Builder): { readonly flags: unknown; readonly answer: number | undefined } {
  for (const operation of orThrow(builder.explain()).steps.flatMap(({ operations }) => operations)) {
    if (operation.op !== 'syscall' || operation.name !== 'seccomp') continue;
    const [, flags, program] = operation.args;
    const fields = typeof program === 'object' && 'struct' in program ? program.struct : [];
    const value = fields.find(({ name }) => name === 'filter')?.value;
    const bytes = typeof value === 'object' && 'bytes' in value ? value.bytes : '';
    return { flags, answer: follow(fromBytes(Buffer.from(bytes, 'base64')), chroot) };
  }
  throw new Error('the plan loads no filter');
}

function programNames(): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()];
    } catch {
      return [];
    }
  });
}

/** Why it can't be seen here what is logged. */
async function whyUnseen(): Promise<string | undefined> {
  const { stderr, exitCode } = await runCommand(['dmesg']);
  if (exitCode !== 0) return stderr.trim();
  const names = programNames();
  if (!names.includes('kauditd')) return 'the kernel has no audit (CONFIG_AUDIT), or it is not seen from here';
  return names.includes('auditd') ? 'auditd takes what the kernel would log' : undefined;
}

const startsOf = (builder: Builder): Promise<string> =>
  expectNothingLeft(async () => {
    const { stdout, stderr } = await orThrow(builder.run());
    return stdout + stderr;
  });

/** The kernel's lines about a container that is started for it. */
async function linesOf(builder: Builder): Promise<string> {
  const pid = Number.parseInt(await startsOf(builder), 10);
  const { stdout } = await runCommand(['dmesg']);
  return stdout
    .split('\n')
    .filter((line) => line.includes('type=1326') && line.includes(` pid=${String(pid)} `))
    .join('\n');
}

describeWith(['root', 'seccomp'], 'a call that is logged', () => {
  let unseen: string | undefined;
  beforeAll(async () => {
    await orThrow(haco().command('/bin/true').run());
    unseen = await whyUnseen();
    if (unseen !== undefined) process.stderr.write(`left out: what the kernel logs about filters; ${unseen}\n`);
  });

  // The kernel leaves lines out when there are many.
  async function expectLogged(builder: Builder, action: number): Promise<void> {
    if (unseen !== undefined) return;
    const line = new RegExp(` syscall=${String(chroot.number)} .* code=0x${action.toString(16)}$`, 'm');
    await expect.poll(() => linesOf(builder)).toMatch(line);
  }

  test('SCMP_ACT_LOG lets it happen', async () => {
    const logged = filtered('SCMP_ACT_LOG');
    expect(await startsOf(logged)).toMatch(/^\d+\nmade\n$/);
    expect(filterOf(logged)).toEqual({ flags: 0, answer: RET.LOG });
    await expectLogged(logged, RET.LOG);
  });

  test('SECCOMP_FILTER_FLAG_LOG notes what is refused', async () => {
    const refused = filtered('SCMP_ACT_ERRNO', 'SECCOMP_FILTER_FLAG_LOG');
    expect(await startsOf(refused)).toMatch(/^\d+\n.*Operation not permitted\n$/);
    expect(filterOf(refused)).toEqual({
      flags: { flags: ['SECCOMP_FILTER_FLAG_LOG'], value: 2 },
      answer: RET.ERRNO + EPERM,
    });
    await expectLogged(refused, RET.ERRNO);
  });

  test('what is neither is not in the log', async () => {
    const quiet = filtered('SCMP_ACT_ERRNO');
    expect(filterOf(quiet)).toEqual({ flags: 0, answer: RET.ERRNO + EPERM });
    expect(await linesOf(quiet)).toBe('');
  });
});
