/** The step that sets no_new_privs. */
import { syscall, type Flags, type Step } from '@haco/plan';

const PR_SET_NO_NEW_PRIVS: Flags = { flags: ['PR_SET_NO_NEW_PRIVS'], value: 38 };

/** After the last change of user: with no_new_privs, execve(2) gives nothing that the process doesn't have by then. */
export function planNoNewPrivileges(): Step {
  return {
    id: 'confine.no-new-privileges',
    phase: 'confine',
    label: 'give up gaining privileges',
    why: 'set-uid programs and file capabilities inside then give the container nothing',
    from: 'confine.noNewPrivileges',
    // The kernel refuses with EINVAL unless the unused arguments are 0.
    operations: [syscall('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])],
    source: 'https://docs.kernel.org/userspace-api/no_new_privs.html',
    enforces: ['noNewPrivileges'],
  };
}
