/** For the strace agreement: walks through a plan as the launcher does, and through what strace saw, and says where they part. */
import { renderOperation, type Arg, type Operation, type Phase, type Plan, processOf } from '@haco/plan';
import { wireOrder } from '@haco/sys';
import type { StraceCall } from '@haco/testkit';

/**
 * The calls that the launcher makes for every plan, around the operations of the plan. They are its frame, not container
 * logic, so `explain()` doesn't repeat them; see packages/sys/native/haco-init.c and init.c.
 */
export const frame = {
  /** Before the first operation: signals blocked, the plan mapped and copied, everything close-on-exec, Node held by a pidfd. */
  begin: ['rt_sigprocmask', 'prctl', 'lseek'],
  takePlan: ['lseek', 'mmap', 'mmap', 'pread64'],
  beginEnd: ['close_range', 'pidfd_open', 'getppid'],
  /** The spare of a fork server, when it becomes a launcher: the slots given up, what Node sent in its place, nothing else kept. */
  served: ['munmap', 'dup3', 'dup3', 'dup3', 'close_range'],
  /** When it is the container's own. */
  alone: ['munmap', 'dup3', 'dup3', 'dup3', 'dup3', 'close_range'],
  aloneEnd: ['close_range'],
  /** Around the clone when the new process has to wait for a parent phase. */
  beforeClone: ['socketpair'],
  /** First moments of the new process: bound to Node's life, signals unblocked. */
  enter: ['prctl', 'ppoll', 'rt_sigprocmask'],
  enterWaiting: ['dup3', 'close', 'close', 'read'],
  /** The launcher lets it go on, and learns of its exec. */
  release: ['close', 'write', 'ppoll', 'close'],
  /** With something to undo, or an init: it tells Node, but for a `run()` that nobody watches start. */
  notice: ['getppid', 'kill'],
  /** Then it gives up its streams, and waits for the end of the container or of Node. */
  watch: ['close_range', 'ppoll'],
  /** After the undo it has said all. */
  done: ['getppid', 'kill'],
  /** So that the launcher never kills itself. */
  beforeKill: ['getpid'],
  /** An init splits off; it tells the launcher by shared memory how its command ended. */
  beginInit: ['mmap'],
  beforeInit: ['rt_sigprocmask'],
  afterInit: ['rt_sigprocmask'],
} as const;

/** Made at the end of every step, for the timings; plans themselves never ask for the time. */
const anywhere: ReadonlySet<string> = new Set(['clock_gettime', 'clock_nanosleep', 'restart_syscall']);

class Disagreement extends Error {}

/** The calls of one process, read from the front. */
class Trace {
  private at = 0;

  constructor(
    private readonly calls: readonly StraceCall[],
    private readonly who: string,
  ) {}

  peek(): StraceCall | undefined {
    return this.calls[this.at];
  }

  next(name: string, what: string): StraceCall {
    const call = this.calls[this.at];
    if (call?.name !== name) {
      const seen = call === undefined ? 'the end' : `${call.name}(${call.args.join(', ')})`;
      throw new Disagreement(`${this.who}: the plan says ${what}, strace saw ${seen}`);
    }
    this.at += 1;
    return call;
  }

  all(names: readonly string[], what: string): void {
    for (const name of names) this.next(name, `${name} (${what})`);
  }

  end(): void {
    const call = this.peek();
    if (call !== undefined) throw new Disagreement(`${this.who}: strace saw ${call.name}, which the plan doesn't say`);
  }
}

/** Texts of a plan's argument that strace shows in the same words. */
function textsOf(arg: Arg): readonly string[] {
  if (typeof arg === 'string') return [JSON.stringify(arg)];
  if (typeof arg === 'object' && 'strings' in arg) return arg.strings.map((text) => JSON.stringify(text));
  return [];
}

function checkArguments(operation: Operation & { op: 'syscall' }, call: StraceCall, who: string): void {
  const seen = call.args.join(', ');
  // strace counts the variables of an environment instead of showing them.
  const shown = operation.name === 'execve' ? operation.args.slice(0, 2) : operation.args;
  // Nobody but root may look into a process that isn't dumpable: then strace shows addresses.
  const isHidden = call.args.some((arg) => /^0x[\da-f]{6,}$/.test(arg));
  const agrees =
    (isHidden || shown.flatMap(textsOf).every((text) => seen.includes(text))) &&
    // What this strace doesn't know it says in a comment beside the number.
    shown.every((arg, index) => agreesInNumbers(arg, (call.args[index] ?? '').replace(/\s*\/\*.*?\*\//g, '')));
  if (!agrees) {
    throw new Disagreement(`${who}: the plan says ${renderOperation(operation)}, strace saw ${call.name}(${seen})`);
  }
}

/** Names of 0, which strace always writes, and plans don't. */
const zeros: ReadonlySet<string> = new Set(['O_RDONLY', 'AT_STATX_SYNC_AS_STAT']);

/** Names of constants as strace and plans write them. */
const constantsIn = (text: string): readonly string[] =>
  (text.match(/\b_?[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []).filter((name) => !zeros.has(name));

/** A number that strace shows as such: decimal, hexadecimal, octal. */
function numberIn(shown: string): number | undefined {
  if (!/^-?(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/.test(shown)) return undefined;
  return Number(/^-?0\d/.test(shown) ? shown.replace('0', '0o') : shown);
}

/** Numbers where strace shows one, and flags where it knows their names: exactly those that the plan has. */
function agreesInNumbers(arg: Arg, shown: string): boolean {
  const number = numberIn(shown);
  if (typeof arg === 'number') return number === undefined || number === arg;
  if (typeof arg !== 'object') return true;
  if ('flags' in arg) {
    if (number !== undefined) return number === arg.value;
    const sorted = (names: readonly string[]): string => [...names].sort().join('|');
    const seen = constantsIn(shown);
    return seen.length === 0 || sorted(seen) === sorted(constantsIn(arg.flags.join('|')));
  }
  if ('struct' in arg) {
    const said = arg.struct.flatMap(({ value }) => (typeof value === 'object' && 'flags' in value ? value.flags : []));
    const seen = new Set(constantsIn(shown));
    // What this strace doesn't know by name it shows as a number.
    return /(^|\|)0x/.test(shown) || constantsIn(said.join('|')).every((name) => seen.has(name));
  }
  return true;
}

/** The new namespaces of a clone: those that the plan says. What else is in its flags belongs to the launcher's frame. */
function checkClone(operation: Operation | undefined, call: StraceCall): void {
  if (operation?.op !== 'clone') throw new Disagreement('the plan has no clone at this place');
  const ofNamespaces = (names: readonly string[]): string =>
    names
      .filter((name) => name.startsWith('CLONE_NEW'))
      .sort()
      .join('|');
  const [said, seen] = [ofNamespaces(operation.flags.flags), ofNamespaces(constantsIn(call.args.join(', ')))];
  if (said !== seen) throw new Disagreement(`the plan says a clone with ${said}, strace saw ${seen}`);
}

/** One process performs these operations. `split` gives the trace of the child after an init. */
function walk(operations: readonly Operation[], trace: Trace, who: string, split?: () => Trace): Trace {
  let current = trace;
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i];
    if (operation === undefined) break;
    const what = renderOperation(operation);
    switch (operation.op) {
      case 'load':
      case 'compare':
        break;
      case 'barrier':
        current.next('write', what);
        current.next('read', what);
        break;
      case 'init':
        if (split === undefined) throw new Disagreement(`${who}: an init in the launcher`);
        current.all(frame.beforeInit, 'frame');
        current.next('clone', what);
        current = split();
        current.all(frame.afterInit, 'frame');
        break;
      case 'kill-listed': {
        for (let killed = true; killed;) {
          killed = false;
          current.all(frame.beforeKill, 'frame');
          if (current.next('openat', what).errno !== null) break;
          for (let name = current.peek()?.name; name === 'kill' || name === 'read'; name = current.peek()?.name) {
            current.next(name, what);
            killed ||= name === 'kill';
          }
          current.next('close', what);
        }
        break;
      }
      case 'clone':
        throw new Disagreement(`${who}: a clone in the middle of ${what}`);
      case 'syscall': {
        let call = current.next(operation.name, what);
        checkArguments(operation, call, who);
        while (
          call.errno !== null &&
          operation.retry?.errnos.includes(call.errno) === true &&
          current.peek()?.name === operation.name
        ) {
          call = current.next(operation.name, what);
        }
        if (call.errno === null) i += operation.skipOnSuccess ?? 0;
        else if (operation.tolerate?.includes(call.errno) === true) i += operation.skipOnTolerated ?? 0;
        else throw new Disagreement(`${who}: ${what} failed with ${call.errno}`);
        // The process is another program from here on.
        if (operation.name === 'execve' && call.errno === null) return current;
      }
    }
  }
  return current;
}

const isLauncher = (call: StraceCall): boolean => call.name === 'execve' && call.args[1] === '["haco-init"]';
const isOfPlan = ({ name }: Pick<StraceCall, 'name'>): boolean => !anywhere.has(name);

/** The first process of a start, and how it came to be. */
interface First {
  readonly pid: number;
  /** Where its calls begin. */
  readonly from: number;
  readonly way: 'spawned' | 'served' | 'alone';
}

/** Processes that a fork server has made in advance: each looks who its parent is and takes requests, until one makes it a launcher. */
function sparesOf(calls: readonly StraceCall[], threads: ReadonlySet<number>): ReadonlySet<number> {
  const beginnings = new Map<number, string[]>();
  for (const { pid, name } of calls) {
    const begun = beginnings.get(pid) ?? [];
    if (begun.length < 3 && isOfPlan({ name })) beginnings.set(pid, [...begun, name]);
  }
  const isSpare = (begun: readonly string[]): boolean => begun.join() === 'close,getppid,close_range';
  return new Set([...beginnings].filter(([pid, begun]) => !threads.has(pid) && isSpare(begun)).map(([pid]) => pid));
}

/** The last start that strace saw: by Node itself, or by a fork server's spare, which becomes a launcher or clones a container. */
function lastStart(
  calls: readonly StraceCall[],
  threads: ReadonlySet<number>,
  spares: ReadonlySet<number>,
): First | undefined {
  const launcherAt = calls.findIndex(isLauncher);
  const launcher = calls[launcherAt]?.pid;
  if (launcher === undefined) return undefined;
  const launchers = new Set<number>();
  let last: First = { pid: launcher, from: launcherAt + 1, way: 'spawned' };
  calls.forEach(({ name, pid }, index) => {
    if (!spares.has(pid) || launchers.has(pid)) return;
    if (name === 'munmap') {
      launchers.add(pid);
      last = { pid, from: index, way: 'served' };
    }
    if (name === 'clone3') last = { pid: 0, from: index + 1, way: 'alone' };
  });
  if (last.way !== 'alone') return last;
  const { from } = last;
  const known = new Set(calls.slice(0, from).map(({ pid }) => pid));
  const pid = calls
    .slice(from)
    .find((call) => call.name === 'munmap' && !known.has(call.pid) && !threads.has(call.pid))?.pid;
  return pid === undefined ? undefined : { ...last, pid };
}

/**
 * Compare a plan with what strace saw of a Node process, its threads and its children while the plan was performed. Of several
 * starts it is the last that counts.
 *
 * @param threads - ids of Node's own threads
 * @returns where they part, or undefined
 */
export function disagreement(
  plan: Plan,
  calls: readonly StraceCall[],
  threads: ReadonlySet<number>,
): string | undefined {
  const spares = sparesOf(calls, threads);
  const first = lastStart(calls, threads, spares);
  if (first === undefined) return 'strace saw no launcher';
  const { pid: launcher, from: launcherAt, way } = first;
  const of = (pid: number, from: number): readonly StraceCall[] =>
    calls.slice(from).filter((call) => call.pid === pid && isOfPlan(call));
  const earlier = new Set(calls.slice(0, launcherAt).map(({ pid }) => pid));
  // What keeps the parents of groups for the next start, and a fork server, are launchers beside this one.
  const beside = new Set(
    calls
      .slice(launcherAt)
      .filter(isLauncher)
      .map(({ pid }) => pid),
  );
  // In the order of their first call; a process that was made later comes later.
  const others = [...new Set(calls.slice(launcherAt).map(({ pid }) => pid))].filter(
    (pid) => pid !== launcher && !threads.has(pid) && !earlier.has(pid) && !spares.has(pid) && !beside.has(pid),
  );
  const [container = launcher, ...children] = way === 'alone' ? [launcher, ...others] : others;
  if (container === launcher && way !== 'alone') return 'strace saw no container';

  const steps = wireOrder(plan.steps);
  const operations = (where: (phase: Phase) => boolean): readonly Operation[] =>
    steps.filter(({ phase }) => where(phase)).flatMap((step) => step.operations);
  const before = operations((phase) => phase === 'prepare' || phase === 'join' || phase === 'clone');
  const parent = operations((phase) => phase === 'parent');
  const stays = steps.some(({ phase }) => phase === 'undo');
  // The starts that are compared go well.
  const undo = steps
    .filter(({ phase, onlyAfterFailure }) => phase === 'undo' && onlyAfterFailure !== true)
    .flatMap((step) => step.operations);
  const inside = operations((phase) => processOf(phase) === 'container');
  const hasInit = inside.some(({ op }) => op === 'init');
  const cloneAt = before.findIndex(({ op }) => op === 'clone');

  try {
    if (way === 'alone') {
      const only = new Trace(of(container, launcherAt), "the container's process");
      only.all([...frame.alone, ...frame.takePlan, ...frame.aloneEnd, ...frame.enter], 'frame');
      walk([...before.slice(cloneAt + 1), ...inside], only, "the container's process");
      return undefined;
    }
    const outer = new Trace(of(launcher, launcherAt), 'the launcher');
    outer.all(way === 'served' ? frame.served : frame.begin, 'frame');
    outer.all(frame.takePlan, 'frame');
    if (hasInit) outer.all(frame.beginInit, 'frame');
    outer.all(frame.beginEnd, 'frame');
    walk(before.slice(0, cloneAt), outer, 'the launcher');
    const waits = outer.peek()?.name === 'socketpair';
    if (waits) outer.all(frame.beforeClone, 'frame');
    checkClone(before[cloneAt], outer.next('clone3', 'the clone'));
    walk(parent, outer, 'the launcher');
    if (waits) outer.all(frame.release, 'frame');
    if (stays || hasInit) {
      if (outer.peek()?.name === 'getppid') outer.all(frame.notice, 'frame');
      outer.all(frame.watch, 'frame');
    }
    walk(undo, outer, 'the launcher');
    if (stays || hasInit) outer.all(frame.done, 'frame');
    // Node doesn't wait for its end, and strace looks no longer than Node does.
    if (outer.peek() !== undefined) outer.next('exit_group', 'its end');
    outer.end();

    const inner = new Trace(of(container, 0), "the container's process");
    inner.all(frame.enter, 'frame');
    if (waits) inner.all(frame.enterWaiting, 'frame');
    walk([...before.slice(cloneAt + 1), ...inside], inner, "the container's process", () => {
      const [child = 0] = children;
      return new Trace(of(child, 0), "the init's child");
    });
    return undefined;
  } catch (error) {
    if (error instanceof Disagreement) return error.message;
    throw error;
  }
}
