/** From plan to launcher: the descriptors that it gets, and what Node keeps of them. */
import { err, ok, type Result } from 'neverthrow';
import { claimName, keptParents, NameClaim, type CgroupsSection } from '@haco/cgroups';
import type { BarrierOperation, HacoError, Step } from '@haco/plan';
import { keepInSeries, randomHex, socketPair, type Launch } from '@haco/sys';
import { SyscallAnswers, type SeccompSection } from '@haco/confine';
import { countOomKills, type OomKills } from '../exec/oom-kills.js';
import { createdBarrier } from '../process/exec.js';
import { replaceOutputStepId } from '../process/replace-output.js';
import { terminalSocket } from '../process/terminal.js';
import type { Spec } from '../spec.js';
import { nameTaken } from '../failure.js';
import {
  closeTheirs,
  emptyReplaced,
  giveUp,
  prepareStdio,
  removeUnused,
  replacesFiles,
  type PreparedStdio,
} from '../streams/stdio.js';
import { closeQuietly, devNull } from '../streams/descriptors.js';
import { receiveDescriptor, Terminal } from '../streams/terminal.js';
import { runTool } from '../tool.js';
import { closeEntered, openEntered } from './entered.js';
import type { Performance } from '../runtime.js';
import type { StartEffects } from './effects.js';
import { filled } from './blanks.js';
import type { PlannedStart } from './plan-start.js';
import type { StartInput } from './start-input.js';

/** What Node keeps of a terminal until the container runs. */
export interface TerminalSocket {
  readonly own: number;
  readonly theirs: number;
}

function makeTerminalSocket(spec: Spec): Result<TerminalSocket | undefined, HacoError> {
  if (spec.process.tty === undefined) return ok(undefined);
  return socketPair().map(([own, theirs]) => ({ own, theirs }));
}

/** Streams of a container whose stdio is a terminal: nothing of Node's before the terminal takes their place. */
function terminalStdio(): PreparedStdio {
  const none = { theirs: devNull(), closeTheirs: false };
  return { stdin: none, stdout: none, stderr: none };
}

/** A launcher at work. */
export interface Launched {
  readonly launch: Launch;
  readonly streams: PreparedStdio;
  readonly terminal: TerminalSocket | undefined;
  /** Settles when a container with a start fifo is complete. */
  readonly created: Promise<number>;
  /** Settles when a function that answers system calls has failed. */
  readonly failed: Promise<HacoError>;
  /** Kills for want of memory in the container that it joins, since the start. */
  readonly oomKills?: OomKills;
}

/** What the caller of a start makes of it. */
export interface LaunchUse {
  /** What an unset stdin means. */
  readonly stdin: 'null' | 'pipe';
  /** Only the end matters: nobody is told when the command runs. */
  readonly untilEnd: boolean;
}

/** Who answers system calls of the container, when anybody was asked to. */
function answersOf({ spec, noted }: StartInput, failed: (error: HacoError) => void): SyscallAnswers | undefined {
  const section = spec['seccomp'] as SeccompSection | undefined;
  if (section?.learn !== true && (section?.answered?.length ?? 0) === 0) return undefined;
  return new SyscallAnswers(section ?? {}, { failed, ...(noted === undefined ? {} : { noted }) });
}

/** What Node does while a start waits: the effects of parts, then the tool of the barrier. */
export async function atBarrier(
  { effects, planned }: { readonly effects: StartEffects | undefined; readonly planned: PlannedStart },
  barrier: BarrierOperation,
  childPid: number,
): Promise<Result<void, HacoError>> {
  const done = effects === undefined ? ok() : await effects.atBarrier(barrier.name, childPid);
  return done.isErr() || barrier.tool === undefined ? done : runTool(filled(barrier, planned.blanks), childPid);
}

/**
 * The name, until the container runs; undefined where one of this name lives or starts in hierarchies that this one has no part in: in the
 * others its first step finds out.
 */
function claimNameOf({ spec, runtime }: StartInput): NameClaim | undefined {
  const { name } = spec.identity;
  const section = spec['cgroups'] as CgroupsSection | undefined;
  // A name that is made up is nobody else's.
  if (name === undefined || section === undefined) return new NameClaim();
  return claimName(name, section, runtime.host());
}

/** Starts that follow each other closely find the parents of their groups there. */
function keepParents({ spec, runtime }: StartInput): void {
  const section = spec['cgroups'] as CgroupsSection | undefined;
  const host = runtime.host();
  const parents = section === undefined ? undefined : keptParents(section, host);
  if (parents === undefined || host.arch === 'unsupported') return;
  // No name of a container begins so.
  const steps = (): readonly Step[] => parents.steps(`~kept-${randomHex(6)}`);
  keepInSeries(parents.key, steps, host.arch);
}

/** Start the launcher. */
export function launchPlan(
  input: StartInput,
  planned: PlannedStart,
  use: LaunchUse,
  effects?: StartEffects,
): Result<Launched, HacoError> {
  // Everything from here to the request is done while somebody wakes up for it.
  const announced = input.runtime.announce?.() ?? 0;
  const claim = claimNameOf(input);
  if (claim === undefined) return err(nameTaken(planned.name));
  const launched = launch(input, planned, { ...use, announced }, effects);
  if (launched.isErr()) claim.release();
  // Before anybody hears of it: who has waited for the end may start the next one.
  else void launched.value.launch.started.then(claim.release);
  return launched;
}

/** A plan whose command isn't the one of the spec, as that of a restore, leaves the files to Node. */
function emptyUnplanned(streams: PreparedStdio, { plan }: PlannedStart): Result<void, HacoError> {
  if (!replacesFiles(streams) || plan.steps.some(({ id }) => id === replaceOutputStepId)) return ok();
  return emptyReplaced(streams);
}

function launch(
  input: StartInput,
  planned: PlannedStart,
  { stdin, untilEnd, announced }: LaunchUse & { readonly announced: number },
  effects?: StartEffects,
): Result<Launched, HacoError> {
  const { spec, runtime } = input;
  return makeTerminalSocket(spec).andThen((terminal) =>
    (terminal === undefined ? prepareStdio(spec.process, stdin) : ok(terminalStdio())).andThen((streams) => {
      let reachCreated: (pid: number) => void = () => undefined;
      const created = new Promise<number>((resolve) => (reachCreated = resolve));
      let fail: (error: HacoError) => void = () => undefined;
      const failed = new Promise<HacoError>((resolve) => (fail = resolve));
      const entered = openEntered(spec);
      const answers = answersOf(input, fail);
      const oomKills = countOomKills(spec);
      const emptyOutput = (): Result<void, HacoError> => emptyUnplanned(streams, planned);
      const perform = (performance: Performance): Result<Launch, HacoError> =>
        planned.perform?.(performance, emptyOutput) ?? emptyOutput().andThen(() => runtime.launch(performance));
      const launched = entered.andThen((fds) =>
        perform({
          plan: planned.plan,
          blanks: planned.blanks,
          // A terminal is taken over as soon as the command runs, and some effects are due then.
          untilEnd: untilEnd && terminal === undefined && effects?.awaitsRunning !== true,
          announced,
          stdio: [streams.stdin.theirs, streams.stdout.theirs, streams.stderr.theirs],
          descriptors: terminal === undefined ? fds : { ...fds, [terminalSocket]: terminal.theirs },
          onBarrier: async (barrier: BarrierOperation, childPid: number) => {
            if (barrier.name === createdBarrier) reachCreated(childPid);
            const answered = await answers?.reached(barrier, childPid);
            if (answered !== undefined) return answered;
            return atBarrier({ effects, planned }, barrier, childPid);
          },
        }),
      );
      if (entered.isOk()) closeEntered(entered.value);
      if (answers !== undefined && launched.isOk()) {
        const close = (): void => answers.close();
        void launched.value.ended.then(close);
        void launched.value.started.then((started) => started.isErr() && close());
      }
      if (terminal !== undefined) closeQuietly(terminal.theirs);
      if (launched.isErr()) {
        giveUp(streams);
        if (terminal !== undefined) closeQuietly(terminal.own);
        return err(launched.error);
      }
      closeTheirs(streams);
      removeUnused(streams, launched.value);
      keepParents(input);
      return ok({ launch: launched.value, streams, terminal, created, failed, oomKills });
    }),
  );
}

/** Take over the terminal that the container has made. */
export function openTerminal(own: number): Result<Terminal, HacoError> {
  const master = receiveDescriptor(own);
  closeQuietly(own);
  return master.map((fd) => new Terminal(fd));
}
