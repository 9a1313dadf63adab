/** A kernel that seems older than it is. */
import { expect, test } from 'vitest';
import { asUser } from './as-user.js';
import { describeWith } from './describe-with.js';
import { hidingSyscalls } from './hide-syscall.js';
import { parseAnswer, type ProbeAnswers } from './probe-answers.js';
import { probePath } from './probe.js';
import { runCommand } from './run-command.js';

const ask = ['seq', 'syscall', '435', '--', 'syscall', '434', '1', '0', '--', 'caps'];

function answers(output: string): [ProbeAnswers['syscall'], ProbeAnswers['syscall'], ProbeAnswers['caps']] {
  const [first = '', second = '', third = ''] = output.split('\n');
  return [parseAnswer('syscall', first), parseAnswer('syscall', second), parseAnswer('caps', third)];
}

describeWith(['seccomp', 'probe', 'kernel:5.3'], 'a hidden syscall', () => {
  test('answers ENOSYS while its neighbours work', async () => {
    const command = hidingSyscalls({ hide: ['clone3'], command: [probePath(), ...ask] })._unsafeUnwrap();
    const [clone3, pidfdOpen, caps] = answers((await runCommand(command)).stdout);
    expect(clone3.errno).toBe('ENOSYS');
    expect(pidfdOpen.errno).toBeNull();
    expect(caps.seccomp).toBe(2);
  });

  test('may answer with another errno', async () => {
    const command = hidingSyscalls({
      hide: ['clone3'],
      errno: 'EPERM',
      command: [probePath(), ...ask],
    })._unsafeUnwrap();
    expect(answers((await runCommand(command)).stdout)[0].errno).toBe('EPERM');
  });

  test('is not hidden without the filter', async () => {
    // clone3 without arguments is EINVAL where it exists.
    expect(answers((await runCommand([probePath(), ...ask])).stdout)[0].errno).toBe('EINVAL');
  });

  test('Node runs without the newer ones', async () => {
    const hide = ['clone3', 'statx', 'pidfd_open', 'close_range', 'openat2', 'memfd_create', 'epoll_pwait2'] as const;
    const script = `require('child_process').execFileSync('true'); console.log('ran')`;
    const command = hidingSyscalls({ hide, command: [process.execPath, '-e', script] })._unsafeUnwrap();
    expect(await runCommand(command)).toMatchObject({ exitCode: 0, stdout: 'ran\n' });
  });
});

describeWith(['root', 'seccomp', 'probe'], 'a syscall hidden from an ordinary user', () => {
  test('costs no_new_privs, which root keeps unset', async () => {
    const command = hidingSyscalls({ hide: ['clone3'], command: [probePath(), ...ask] })._unsafeUnwrap();
    const [, , asRoot] = answers((await runCommand(command)).stdout);
    const [hidden, , asNobody] = answers((await asUser(command)).stdout);
    expect(asRoot.noNewPrivs).toBe(false);
    expect(asNobody.noNewPrivs).toBe(true);
    expect(hidden.errno).toBe('ENOSYS');
  });
});
