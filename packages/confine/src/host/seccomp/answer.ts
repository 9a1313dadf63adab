/** Answers the kernel's questions about the system calls of one container, from its start to its end. */
import { HookError, type BarrierOperation, type HacoError } from '@haco/plan';
import { errnoNumber, libc, watchReadiness, type Watch } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import type { SyscallAnswer, SyscallHandler } from '../../seccomp/handler.js';
import { listenerBarriers } from '../../seccomp/plan.js';
import type { SeccompSection } from '../../seccomp/section.js';
import { findListener } from './find-listener.js';
import { fail, letHappen, look, receive, returnValue, type Question } from './notification.js';

/** The launcher's socket to Node, over which it waits for the answer to a barrier. */
const channelFd = 4n;

/** Who is told. */
export interface SyscallWatch {
  /** Every call that is asked about. */
  readonly noted?: (name: string) => void;
  /** A handler failed: the container must not go on. */
  readonly failed: (error: HacoError) => void;
}

/** Answers for one container. */
export class SyscallAnswers {
  private readonly handlers: ReadonlyMap<string, SyscallHandler>;
  private listener = -1;
  private watch: Watch | undefined;
  private over = false;
  private ready = false;
  /** The launcher has asked to read the answer to its barrier: what comes next is the container's. */
  private readAnswer = false;
  private handedOver = false;
  private found: Promise<Result<void, HacoError>> | undefined;

  constructor(
    { answered = [] }: SeccompSection,
    private readonly told: SyscallWatch,
  ) {
    this.handlers = new Map(answered.map(({ name, handler }) => [name, handler.value]));
  }

  /** Do what a barrier asks for; undefined when it is somebody else's. */
  async reached({ name }: BarrierOperation, pid: number): Promise<Result<void, HacoError> | undefined> {
    if (name === listenerBarriers.look) {
      this.found = this.find(pid);
      return ok();
    }
    if (name !== listenerBarriers.ready) return undefined;
    const found = await this.found;
    this.ready = true;
    return found ?? ok();
  }

  /** The container has ended, or never began. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.stop();
  }

  private stop(): void {
    this.watch?.close();
    this.watch = undefined;
    if (this.listener >= 0) libc().close(this.listener);
    this.listener = -1;
  }

  private async find(pid: number): Promise<Result<void, HacoError>> {
    const found = await findListener(pid, () => this.over);
    if (found.isErr()) return err(found.error);
    this.listener = found.value;
    if (this.over) {
      this.stop();
      return ok();
    }
    return watchReadiness(this.listener, 'readable', () => this.next()).map((watch) => {
      this.watch = watch;
    });
  }

  private next(): void {
    const state = look(this.listener);
    if (state === 'over') this.stop();
    if (state !== 'question') return;
    const question = receive(this.listener);
    if (question !== undefined) void this.answer(question);
  }

  /** Whether the launcher asks: up to the answer to its second barrier. */
  private isLaunchers({ name, args }: Question): boolean {
    if (this.handedOver) return false;
    const first = !this.readAnswer && name === 'read' && args[0] === channelFd;
    if (first) this.readAnswer = true;
    if (!this.ready) return true;
    // Where reading isn't asked about, what comes after the barrier is the container's anyhow.
    this.handedOver = true;
    return first;
  }

  private async answer(question: Question): Promise<void> {
    const { id, name } = question;
    const launchers = this.isLaunchers(question);
    if (!launchers) this.told.noted?.(name);
    const handler = launchers ? undefined : this.handlers.get(name);
    if (handler === undefined) {
      letHappen(this.listener, id);
      return;
    }
    try {
      this.give(id, name, await handler(question));
    } catch (cause) {
      // Not let through: what was to be looked at must not happen unseen.
      if (this.listener >= 0) fail(this.listener, id);
      this.told.failed(new HookError({ hook: `onSyscall(${JSON.stringify(name)})`, cause }));
    }
  }

  private give(id: bigint, name: string, answer: SyscallAnswer): void {
    if (this.listener < 0) return;
    if (answer === 'continue') letHappen(this.listener, id);
    else if ('errno' in answer) {
      const errno = errnoNumber(answer.errno);
      if (errno === undefined)
        throw new TypeError(`${JSON.stringify(answer.errno)}, its answer to ${name}, is no errno`);
      fail(this.listener, id, errno);
    } else returnValue(this.listener, id, BigInt(answer.value));
  }
}
