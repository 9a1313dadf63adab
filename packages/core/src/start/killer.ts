/** Who may end a container before its command does, and why it was. */
import { ContainerFreezer, type CgroupsSection } from '@haco/cgroups';
import { TimeoutError, type HacoError } from '@haco/plan';
import type { RlimitsSection } from '@haco/rlimits';
import type { Launch } from '@haco/sys';
import type { OomKills } from '../exec/oom-kills.js';
import { isJoining } from '../exec/join-part.js';
import type { KillReason } from '../outcome.js';
import type { Spec } from '../spec.js';
import { takeTerminalBack } from '../streams/foreground.js';
import { watchCpuTime } from './cpu-watch.js';
import type { StartInput } from './start-input.js';

const SIGKILL = 9;

/** Kill on timeout and abort; remembers the first reason. Afterwards everything is the caller's again. */
export class Killer {
  reason: KillReason | undefined;
  /** A stream of the caller failed: the answer, whatever the container did. */
  error: HacoError | undefined;
  /** What the caller sent through the handle: such an end is nobody else's. */
  readonly sent = new Set<number>();
  /** Limits of the first process, as they are now. */
  rlimits: RlimitsSection;
  /** Kills for want of memory where nothing of its own counts them; see `countOomKills`. */
  oomKills: OomKills = () => 0;
  readonly freezer: ContainerFreezer;
  private readonly spec: Spec;
  private watching = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly abort = (): void => this.kill('aborted');

  private unwatch: () => void = () => undefined;

  constructor(
    private readonly launch: Launch,
    private readonly input: StartInput,
    private readonly name: string,
  ) {
    const { spec } = input;
    this.spec = spec;
    this.freezer = new ContainerFreezer({
      name,
      section: (spec['cgroups'] as CgroupsSection | undefined) ?? {},
      host: input.runtime.host,
    });
    this.rlimits = (spec['rlimits'] as RlimitsSection | undefined) ?? {};
    const signal = spec.control.abort?.value;
    signal?.addEventListener('abort', this.abort, { once: true });
    // It may have been aborted since the start was allowed: that event is over.
    if (signal?.aborted === true) this.abort();
    // Those who live in a container can stop what joins it before its command runs.
    if (isJoining(spec)) this.running();
  }

  /** Why the command never began, when it was killed for it. */
  get neverBegan(): HacoError | undefined {
    if (this.reason !== 'timeout') return undefined;
    return new TimeoutError({ what: 'the command to begin', timeoutMs: this.spec.control.timeoutMs ?? 0 });
  }

  kill(reason: KillReason): void {
    this.reason ??= reason;
    this.end();
  }

  readonly fail = (error: HacoError): void => {
    this.error ??= error;
    this.end();
  };

  /** A signal of the caller; false: the container has ended. */
  send(signal: number): boolean {
    this.sent.add(signal);
    return signal === SIGKILL ? this.end() : this.launch.kill(signal);
  }

  /** Also what is frozen. */
  private end(): boolean {
    const sent = this.launch.kill(SIGKILL);
    this.freezer.wake();
    return sent;
  }

  /** The clock of `timeout()` starts with the command; of one that joins a container, with the call. */
  running(): void {
    if (this.watching) return;
    this.watching = true;
    const { timeoutMs } = this.spec.control;
    if (timeoutMs !== undefined) this.timer = setTimeout(() => this.strike(timeoutMs), timeoutMs);
    const watched = { name: this.name, runs: () => this.launch.runningForMs() > 0 };
    this.unwatch = watchCpuTime(this.input, watched, () => this.kill('cpu-timeout'));
  }

  private strike(timeoutMs: number): void {
    const leftMs = isJoining(this.spec) ? 0 : timeoutMs - this.launch.runningForMs();
    if (leftMs <= 0) this.kill('timeout');
    else this.timer = setTimeout(() => this.strike(timeoutMs), leftMs);
  }

  over(): void {
    clearTimeout(this.timer);
    this.unwatch();
    if (this.spec.process.stdin === 'inherit') takeTerminalBack();
    this.spec.control.abort?.value.removeEventListener('abort', this.abort);
  }
}
