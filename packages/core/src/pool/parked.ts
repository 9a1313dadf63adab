/** One container that waits for its command: its launcher is at rest, and Node holds the socket by which the command comes. */
import { err, ok, type Result } from 'neverthrow';
import { StateError, type HacoError } from '@haco/plan';
import { hold, libc, release, sendMessage, socketPair, watchReadiness, type Launch, type Watch } from '@haco/sys';
import { startError } from '../failure.js';
import { effectsOf, type StartEffects } from '../start/effects.js';
import { closeEntered, openEntered } from '../start/entered.js';
import { atBarrier } from '../start/launch-plan.js';
import { preparePlan, type PlannedStart } from '../start/plan-start.js';
import type { StartInput } from '../start/start-input.js';
import type { FilesRoot } from '../files/root.js';
import { closeQuietly } from '../streams/descriptors.js';
import { receiveDescriptor } from '../streams/terminal.js';

const SIGKILL = 9;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const O_NONBLOCK = 0o4000;

/** A container of a pool, before its command. */
export class Parked {
  /** Why it could not be made, as far as the launcher knows. */
  failure: HacoError | undefined;
  /** It has ended without a command, or could not be made. */
  over = false;
  /** It has said that it is complete; looked at when somebody asks for it, and at its end. */
  wasReady = false;
  /** Has ended, or runs its command. */
  readonly gone: Promise<void>;
  #open = true;
  #sent = false;
  #watch: Watch | undefined;
  /** Its root directory, which it sends when it is complete: no other process may look into one that can't be traced. */
  #rootFd: number | undefined;
  /** Containers that wait don't keep Node alive; what runs, and what ends, does. */
  #held = true;

  private constructor(
    readonly planned: PlannedStart,
    readonly launch: Launch,
    private readonly socket: number,
    input: StartInput,
    readonly effects: StartEffects | undefined,
  ) {
    this.gone = launch.started.then(async (result) => {
      if (result.isErr()) this.failure = startError(result.error, input.spec, planned);
      // Killed before its command, it counts as run for a launcher that was waiting for either.
      this.over = !this.#sent;
      this.#listen();
      this.#close();
      // The launch has let go of Node itself.
      this.#hold();
      // What the parts have done for a command is undone by who has sent it.
      if (this.over && effects !== undefined) {
        if (result.isOk()) await launch.ended;
        await this.#undo();
      }
    });
    this.#letGo();
  }

  /** Begin to make one. It can be given its command at once: that waits in the socket. */
  static async make(input: StartInput): Promise<Result<Parked, HacoError>> {
    const planned = await preparePlan(input);
    if (planned.isErr()) return err(planned.error);
    const effects = effectsOf(input, planned.value);
    const perform = (): Result<Parked, HacoError> => Parked.launch(input, planned.value, effects);
    return effects === undefined ? perform() : effects.around(() => Promise.resolve(perform()));
  }

  private static launch(
    input: StartInput,
    planned: PlannedStart,
    effects: StartEffects | undefined,
  ): Result<Parked, HacoError> {
    const entered = openEntered(input.spec);
    if (entered.isErr()) return err(entered.error);
    const pair = socketPair('seqpacket');
    if (pair.isErr()) {
      closeEntered(entered.value);
      return err(pair.error);
    }
    const [own, theirs] = pair.value;
    const { plan, blanks } = planned;
    const launched = input.runtime.launch({
      plan,
      blanks,
      untilEnd: effects?.awaitsRunning !== true,
      stdio: [theirs, theirs, theirs],
      descriptors: entered.value,
      onBarrier: (barrier, childPid) => atBarrier({ effects, planned }, barrier, childPid),
    });
    closeQuietly(theirs);
    closeEntered(entered.value);
    // Nobody shall wait here, whoever else may still hold the other end.
    libc().fcntl(own, F_SETFL, O_NONBLOCK);
    if (launched.isErr()) {
      closeQuietly(own);
      return err(launched.error);
    }
    effects?.onFailure(() => launched.value.kill(SIGKILL));
    return ok(new Parked(planned, launched.value, own, input, effects));
  }

  #letGo(): void {
    if (!this.#held) return;
    this.#held = false;
    release();
  }

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    hold();
  }

  /** Its files, before its command; when it isn't complete yet, waits for that. */
  async root(): Promise<Result<FilesRoot, HacoError>> {
    this.#hold();
    const ready = await this.ready();
    if (ready.isErr()) return err(ready.error);
    return ok({
      owners: () => this.planned.facts.idMap,
      open: () => {
        const fd = this.#rootFd === undefined ? -1 : libc().fcntl(this.#rootFd, F_DUPFD_CLOEXEC, 0);
        if (fd >= 0) return ok(fd);
        const what = 'put files into a container of the pool';
        return err(new StateError({ what, state: 'it has ended', remedy: 'run it again' }));
      },
    });
  }

  /** Wait until it says that it is complete. */
  async ready(): Promise<Result<void, HacoError>> {
    this.#listen();
    if (this.wasReady) return ok();
    const said = new Promise<Result<void, HacoError>>((resolve) => {
      const watch = watchReadiness(this.socket, 'readable', () => {
        this.#listen();
        // The end of the socket, otherwise: whose end it is, the launch tells.
        this.#unwatch();
        if (this.wasReady) resolve(ok());
        else void this.#failed().then(resolve);
      });
      if (watch.isErr()) resolve(err(watch.error));
      else this.#watch = watch.value;
    });
    return Promise.race([said, this.#failed()]);
  }

  async #failed(): Promise<Result<void, HacoError>> {
    await this.gone;
    return this.failure === undefined ? ok() : err(this.failure);
  }

  #unwatch(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  #listen(): void {
    if (this.wasReady || !this.#open) return;
    // Not yet, or never, when there is none.
    void receiveDescriptor(this.socket, 'hear of a container that is complete').map((fd) => {
      this.#rootFd = fd;
      this.wasReady = true;
    });
  }

  /** Send the command; this container is used up then. */
  send(request: Buffer, streams: readonly number[]): Result<void, HacoError> {
    this.#hold();
    this.#sent = true;
    this.#forgetRoot();
    // Stays open: closed with something unread in it, it would end the container's side with ECONNRESET.
    return sendMessage(this.socket, request, streams, 'send the command to a parked container');
  }

  /** End it without a command. */
  async drop(): Promise<void> {
    this.#hold();
    this.launch.kill(SIGKILL);
    this.#close();
    await this.gone;
    await this.#undo();
  }

  async #undo(): Promise<void> {
    if (this.effects === undefined) return;
    const undone = await this.effects.finish(this.failure === undefined ? ok() : err(this.failure));
    if (undone.isErr()) this.failure ??= undone.error;
  }

  #forgetRoot(): void {
    if (this.#rootFd !== undefined) closeQuietly(this.#rootFd);
    this.#rootFd = undefined;
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#unwatch();
    this.#forgetRoot();
    closeQuietly(this.socket);
  }
}
