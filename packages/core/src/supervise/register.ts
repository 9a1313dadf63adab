/** The work of `start({ register: true })`: a container of this program that others can find by its name while it lives. */
import { err, ok, type Result } from 'neverthrow';
import { type HacoError, plain } from '@haco/plan';
import type { Container } from '../container.js';
import type { Outcome } from '../outcome.js';
import type { Spec } from '../spec.js';
import { makeUpName } from '../start/made-up-name.js';
import type { StartInput } from '../start/start-input.js';
import { noteGroups, ownGroups } from '../state/groups.js';
import { Keeper, newState } from '../state/keeper.js';
import { reserve } from '../state/reserve.js';
import { makeStateDirectory, type StateOptions } from '../state/root.js';
import { serveControl } from './control.js';
import { defaultStop, handlersOf } from './live-container.js';
import { runningState } from './running-state.js';
import type { SupervisionSection } from './section.js';

/** The spec with a name: others shall find it. */
function named(spec: Spec): Spec {
  if (spec.identity.name !== undefined) return spec;
  return plain({ ...spec, identity: { ...spec.identity, name: makeUpName() } }) as Spec;
}

/** Reserve the name, start, tell; when it ends, the name is free again before anybody hears of the end. */
export async function startRegistered(
  given: StartInput,
  options: StateOptions,
  start: (input: StartInput) => Promise<Result<Container, HacoError>>,
): Promise<Result<Container, HacoError>> {
  const root = makeStateDirectory(options);
  if (root.isErr()) return err(root.error);
  const spec = named(given.spec);
  const input = { ...given, spec };
  const name = spec.identity.name ?? '';
  const reserved = await reserve(root.value, name, false);
  if (reserved.isErr()) return err(reserved.error);
  const host = input.runtime.host();
  const state = newState({ name, parts: input.parts, spec, host, detached: false, autoRemove: true });
  const keeper = new Keeper(reserved.value, state);
  const told = keeper.tell({});
  const started = told.isErr() ? err(told.error) : await start(input);
  if (started.isErr()) {
    keeper.forget();
    return err(started.error);
  }
  const container = started.value;
  let finish: (end: Result<Outcome, HacoError>) => void = () => undefined;
  const end = new Promise<Result<Outcome, HacoError>>((resolve) => (finish = resolve));
  const server = await serveControl(
    keeper.directory.socketPath,
    handlersOf({
      container: () => container,
      isPaused: () => keeper.state.status === 'paused',
      paused: (paused) => {
        const cgroups = [...ownGroups(name, spec['cgroups'], host), ...noteGroups(container['~freezerGroups'])];
        keeper.tell({ status: paused ? 'paused' : 'running', cgroups }).unwrapOr(undefined);
      },
      stopRequested: () => undefined,
      endExpected: () => undefined,
      stopDefault: () => (spec['supervision'] as SupervisionSection | undefined)?.stop ?? defaultStop,
      end,
    }),
  );
  const running = server.andThen(() => keeper.tell(runningState(container, spec['cgroups'], host)));
  void container.wait().then((result) => {
    keeper.forget();
    if (server.isOk()) void server.value.close();
    finish(result);
  });
  if (running.isOk()) return ok(container);
  void container.kill('SIGKILL');
  void (await container.wait());
  return err(running.error);
}
