/** Whether the launcher survives the filters of its plan: what it still has to do is put to each of them. */
import type { Arg, Operation, Step, Warning } from '@haco/plan';
import { processOf } from '@haco/plan';
import { errnoName, syscallNumbers } from '@haco/sys';
import { follow, fromBytes, type Program } from '../../seccomp/bpf.js';
import { actions, architectures, natives } from '../../seccomp/words.js';

/** What the launcher itself calls around operations, which plans don't name; see packages/sys/native. */
const frame = {
  /** At the end of each step; its failure loses a time only. */
  step: ['clock_gettime'],
  barrier: ['write', 'read'],
  init: ['rt_sigprocmask', 'clone', 'prctl', 'close_range', 'munmap', 'rt_sigtimedwait', 'wait4', 'kill', 'exit_group'],
} as const;

const SIGCHLD = 17n;

interface Call {
  readonly name: string;
  readonly args: readonly bigint[];
  /** Errors after which it goes on. */
  readonly tolerate: readonly string[];
  readonly mayFail?: true;
}

function valueOf(arg: Arg): bigint {
  if (typeof arg === 'number') return BigInt(arg);
  return typeof arg === 'object' && 'flags' in arg ? BigInt(arg.value) : 0n;
}

function callsOf(operation: Operation): readonly Call[] {
  const bare = (name: string): Call => ({ name, args: name === 'clone' ? [SIGCHLD] : [], tolerate: [] });
  switch (operation.op) {
    case 'syscall':
      return [{ name: operation.name, args: operation.args.map(valueOf), tolerate: operation.tolerate ?? [] }];
    case 'barrier':
      return frame.barrier.map(bare);
    case 'init':
      return frame.init.map(bare);
    default:
      return [];
  }
}

function loadsFilter(operation: Operation): boolean {
  return operation.op === 'syscall' && operation.name === 'seccomp';
}

/** The program that a call of seccomp(2) in a plan loads; undefined in plans for other machines. */
function programOf(operation: Operation): Program | undefined {
  if (operation.op !== 'syscall' || !loadsFilter(operation)) return undefined;
  const fprog = operation.args[2];
  if (typeof fprog !== 'object' || !('struct' in fprog)) return undefined;
  const filter = fprog.struct.find(({ name }) => name === 'filter')?.value;
  if (typeof filter !== 'object' || !('bytes' in filter)) return undefined;
  return fromBytes(Buffer.from(filter.bytes, 'base64'));
}

/** How a filter stops a call: what it does, in words; undefined when the start goes on. */
function stops(call: Call, answer: number): string | undefined {
  const kind = (answer & 0xffff_0000) >>> 0;
  if (kind === actions.SCMP_ACT_KILL_PROCESS || kind === actions.SCMP_ACT_KILL_THREAD) return 'ends the process at';
  if (kind === actions.SCMP_ACT_TRAP) return 'sends SIGSYS at';
  if (Object.hasOwn(call, 'mayFail')) return undefined;
  const errno =
    kind === actions.SCMP_ACT_ERRNO
      ? errnoName(answer & 0xffff)
      : kind === actions.SCMP_ACT_TRACE
        ? 'ENOSYS'
        : undefined;
  return errno === undefined || call.tolerate.includes(errno) ? undefined : `answers ${errno} to`;
}

/**
 * What filters of a plan do to the launcher before the command runs. They are programs in the plan: each is asked about every call
 * that comes after it.
 */
export function filterProblems(steps: readonly Step[]): readonly Warning[] {
  // Most plans have none, and then there is nothing to ask.
  if (!steps.some(({ operations }) => operations.some(loadsFilter))) return [];
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const audit = architectures[natives[arch].arch];
  const numbers: Readonly<Record<string, number>> = syscallNumbers[arch];
  const loaded: { readonly program: Program; readonly label: string }[] = [];
  for (const step of steps) {
    if (processOf(step.phase) !== 'container') continue;
    for (const [index, operation] of step.operations.entries()) {
      const calls = callsOf(operation);
      const program = programOf(operation);
      for (const call of calls) {
        const problem = problemOf(call, step);
        if (problem !== undefined) return [problem];
      }
      if (program !== undefined) loaded.push({ program, label: step.label });
      if (index < step.operations.length - 1 || (operation.op === 'syscall' && operation.name === 'execve')) continue;
      for (const name of frame.step) {
        const problem = problemOf({ name, args: [], tolerate: [], mayFail: true }, step);
        if (problem !== undefined) return [problem];
      }
    }
  }
  return [];

  function problemOf(call: Call, step: Step): Warning | undefined {
    const number = numbers[call.name];
    if (number === undefined) return undefined;
    for (const { program, label } of loaded) {
      const answer = follow(program, { number, arch: audit, args: call.args });
      const how = answer === undefined ? undefined : stops(call, answer);
      if (how === undefined) continue;
      return {
        step: step.id,
        kind: 'permission',
        message: `The filter of "${label}" ${how} ${call.name}, which haco itself needs before the command runs; allow ${call.name} in the profile.`,
      };
    }
    return undefined;
  }
}
