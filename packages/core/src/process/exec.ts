/** The last steps: bound to Node's life, nothing open but what is meant, and the command. */
import { flags, slot, struct, syscall, type Operation, type PlanContext, type Step } from '@haco/plan';
import { atCwd } from './at-cwd.js';
import { candidates, notThere } from './candidates.js';
import { executeParked, planParked } from './parked.js';
import { planReplaceOutput } from './replace-output.js';
import type { ProcessSection } from './section.js';

const PR_SET_PDEATHSIG = 1;
const kill = flags({ SIGKILL: 9 }, 'SIGKILL');
const readable = flags({ POLLIN: 1 }, 'POLLIN');

/** Id of the step whose failure means that the command could not be executed. */
export const execStepId = 'process.exec';

/** Name of the barrier at which a container that waits for its start is complete. */
export const createdBarrier = 'created';

/** The variables as execve(2) takes them. */
export function environment(section: ProcessSection): readonly string[] {
  const term = section.tty !== undefined && section.env['TERM'] === undefined ? { TERM: 'xterm' } : {};
  return Object.entries({ ...term, ...section.env }).map(([name, value]) => `${name}=${value}`);
}

function execute(section: ProcessSection): readonly Operation[] {
  const tried = candidates(section);
  const strings = environment(section);
  const last = tried.length - 1;
  return tried.map(({ path, argv }, index) =>
    syscall('execve', [path, { strings: argv }, { strings }], index === last ? {} : { tolerate: notThere }),
  );
}

export function planExec(section: ProcessSection, { facts, host }: PlanContext): readonly Step[] {
  const parked = section.parked === true;
  const calls = parked ? executeParked() : execute(section);
  const name = parked ? 'the command that was sent' : (section.command?.file ?? "the root's shell");
  const wait: readonly Step[] =
    section.startFifo === undefined
      ? []
      : [
          {
            id: 'process.start-fifo',
            phase: 'prepare',
            label: `open the start fifo ${section.startFifo}`,
            why: 'while the host is still visible; for reading and writing, so that opening it waits for nobody',
            source: 'fifo(7)',
            from: 'process.startFifo',
            // O_RDWR | O_CLOEXEC are the same numbers on x64 and arm64.
            operations: [
              syscall(
                'openat',
                [atCwd, section.startFifo, flags({ O_RDWR: 2, O_CLOEXEC: 0o2000000 }, 'O_RDWR', 'O_CLOEXEC')],
                {
                  save: 'start-fifo',
                },
              ),
            ],
          },
          {
            id: 'process.wait',
            phase: 'handover',
            label: 'wait for the start',
            why: 'the container is complete, and its command runs when somebody writes a byte to the fifo',
            source: 'fifo(7)',
            from: 'process.startFifo',
            operations: [
              { op: 'barrier', name: createdBarrier },
              syscall('read', [slot('start-fifo'), { out: 'start', size: 8 }, 1], { expect: 1 }),
            ],
          },
        ];
  const init: readonly Step[] = section.init
    ? [
        {
          id: 'process.init',
          phase: 'exec',
          label: 'stay as init and go on in a child',
          why: 'pid 1 has to reap orphans and forward signals, which few programs do',
          source: 'pid_namespaces(7)',
          from: 'process.init',
          operations: [
            { op: 'init' },
            // Not inherited by a child; without a pid namespace nothing else ends the command with its init.
            syscall('prctl', [flags({ PR_SET_PDEATHSIG }, 'PR_SET_PDEATHSIG'), kill, 0, 0, 0]),
          ],
        },
      ]
    : [];
  return [
    ...wait,
    {
      id: 'process.bind-to-node',
      phase: 'handover',
      label: 'end when Node ends',
      why: 'asked again here because a change of user or capabilities makes the kernel forget it; Node may have ended meanwhile',
      source: 'PR_SET_PDEATHSIG(2const)',
      from: 'process',
      operations: [
        syscall('prctl', [flags({ PR_SET_PDEATHSIG }, 'PR_SET_PDEATHSIG'), kill, 0, 0, 0]),
        syscall(
          'ppoll',
          [
            struct(
              { name: 'fd', type: 'u32', value: slot('caller') },
              { name: 'events', type: 'u16', value: readable },
              { name: 'revents', type: 'u16', value: 0 },
            ),
            1,
            struct({ name: 'sec', type: 'u64', value: 0 }, { name: 'nsec', type: 'u64', value: 0 }),
            0,
            8,
          ],
          { expect: 0 },
        ),
      ],
    },
    ...planReplaceOutput(section, host),
    {
      id: 'process.close',
      phase: 'handover',
      label: 'close every descriptor but stdin, stdout and stderr',
      why: 'a descriptor of a host directory would be a way out (CVE-2024-21626)',
      source: 'close_range(2)',
      from: 'process',
      // The launcher's socket to Node is close-on-exec; what asks Node is announced by it after this step.
      operations: [
        syscall('close_range', [
          { fd: facts.asksNode ? 'after-channel' : 'first-closed' },
          flags({ UINT_MAX: 4_294_967_295 }, 'UINT_MAX'),
          0,
        ]),
      ],
    },
    ...(parked ? planParked(host) : []),
    ...init,
    {
      id: execStepId,
      phase: 'exec',
      label: `execute ${name}`,
      why: 'this process becomes the command; from here on everything is up to it',
      source: 'execve(2)',
      from: 'process.command',
      operations: calls,
    },
  ];
}
