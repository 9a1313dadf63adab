/** A terminal of the container's own: made inside, its other end handed to Node. */
import { flags, openFlags, sendDescriptor, slot, struct, syscall, type PlanContext, type Step } from '@haco/plan';
import { atCwd } from './at-cwd.js';
import type { ProcessSection } from './section.js';
import { numericUser } from './user.js';

const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;
const TIOCSWINSZ = 0x5414;
const TIOCSCTTY = 0x540e;

/** Name of the descriptor over which Node gets the terminal's master side. */
export const terminalSocket = 'terminal';

/** The console of a container is its terminal. */
function planConsole({ host, facts }: PlanContext): Step {
  const [openTree, moveMount] = [
    { OPEN_TREE_CLONE: 1, AT_EMPTY_PATH: 0x1000, OPEN_TREE_CLOEXEC: 0o2000000 },
    { MOVE_MOUNT_F_EMPTY_PATH: 0x4, MOVE_MOUNT_T_EMPTY_PATH: 0x40 },
  ] as const;
  return {
    id: 'process.console',
    phase: 'session',
    label: 'bind the terminal on /dev/console',
    why: 'programs write there what concerns the whole system; it is bound by its descriptor, on a file of a /dev that nobody else can reach (CVE-2025-52565)',
    source: 'console(4)',
    from: 'process.tty',
    operations: [
      syscall('mknodat', [atCwd, '/dev/console', { flags: ['S_IFREG', '0600'], value: 0o100600 }, 0]),
      syscall('openat', [atCwd, '/dev/console', flags(openFlags(host.arch), 'O_PATH', 'O_NOFOLLOW', 'O_CLOEXEC'), 0], {
        save: 'console',
      }),
      syscall(
        'open_tree',
        [slot('tty'), '', flags(openTree, 'AT_EMPTY_PATH', 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')],
        { save: 'console.tty' },
      ),
      syscall('move_mount', [
        slot('console.tty'),
        '',
        slot('console'),
        '',
        flags(moveMount, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
      ]),
    ],
    needs: [{ capability: 'sys_admin', over: facts.unshared.includes('user') ? 'container' : 'host' }],
    requires: ['open_tree'],
  };
}

export function planTerminal(section: ProcessSection, { host, facts }: PlanContext): readonly Step[] {
  const { tty } = section;
  if (tty === undefined) return [];
  const open: Step = {
    id: 'process.terminal-open',
    phase: facts.ownDevpts ? 'session' : 'prepare',
    label: `open a new terminal of ${facts.ownDevpts ? "the container's" : "the host's"} /dev/ptmx`,
    why: facts.ownDevpts
      ? 'a terminal of the container itself has a name there, and is seen by no one else'
      : 'the container has no devpts of its own, so the terminal comes from the host',
    source: 'pts(4)',
    from: 'process.tty',
    operations: [
      syscall(
        'openat',
        [
          atCwd,
          facts.ownDevpts ? '/dev/pts/ptmx' : '/dev/ptmx',
          flags(openFlags(host.arch), 'O_RDWR', 'O_NOCTTY', 'O_CLOEXEC'),
        ],
        { save: 'ptmx' },
      ),
    ],
  };
  const user = numericUser(section);
  const attach: Step = {
    id: 'process.terminal',
    phase: 'session',
    label: `make it the controlling terminal, ${String(tty.columns)} × ${String(tty.rows)}`,
    why: 'the peer is had from the master, not by name, so that nothing in /dev can take its place (CVE-2025-52565); Node gets the master',
    source: 'ioctl_tty(2)',
    from: 'process.tty',
    operations: [
      syscall('ioctl', [
        slot('ptmx'),
        flags({ TIOCSPTLCK }, 'TIOCSPTLCK'),
        struct({ name: 'lock', type: 'u32', value: 0 }),
      ]),
      syscall(
        'ioctl',
        [
          slot('ptmx'),
          flags({ TIOCGPTPEER }, 'TIOCGPTPEER'),
          flags(openFlags(host.arch), 'O_RDWR', 'O_NOCTTY', 'O_CLOEXEC'),
        ],
        { save: 'tty' },
      ),
      syscall('ioctl', [
        slot('tty'),
        flags({ TIOCSWINSZ }, 'TIOCSWINSZ'),
        struct(
          { name: 'rows', type: 'u16', value: tty.rows },
          { name: 'columns', type: 'u16', value: tty.columns },
          { name: 'xpixel', type: 'u16', value: 0 },
          { name: 'ypixel', type: 'u16', value: 0 },
        ),
      ]),
      sendDescriptor({ fd: terminalSocket }, slot('ptmx'), 't'),
      ...(user === undefined ? [] : [syscall('fchown', [slot('tty'), user.uid, -1])]),
      syscall('setsid', []),
      syscall('ioctl', [slot('tty'), flags({ TIOCSCTTY }, 'TIOCSCTTY'), 0]),
      syscall('dup3', [slot('tty'), 0, 0]),
      syscall('dup3', [slot('tty'), 1, 0]),
      syscall('dup3', [slot('tty'), 2, 0]),
    ],
  };
  return [open, attach, ...(facts.ownDev ? [planConsole({ host, facts })] : [])];
}
