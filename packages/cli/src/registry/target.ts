/** Which containers a word means: the one of that name, or those of a definition. */
import { existsSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { containers, NotFoundError, type HacoError, type ManagedContainer } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import type { OptionTable, ValuesOf } from '../command-line/options.js';
import { UsageError } from '../command-line/usage-error.js';
import { isDefinition, loadContainers } from '../definition/load.js';

/** A file that is there, and has the ending of a definition: names may have dots, too. */
function isFile(word: string): boolean {
  return isDefinition(word) && existsSync(word);
}

/** The names that a word stands for. */
async function namesOf(word: string): Promise<Result<readonly string[], CommandError>> {
  if (!isFile(word)) return ok([word]);
  const loaded = await loadContainers(word, { command: 'find', args: [] });
  return loaded.andThen((defined) => {
    const names = defined.flatMap(({ name }) => name ?? []);
    return names.length > 0 ? ok(names) : err(nameless(word));
  });
}

function nameless(word: string): UsageError {
  return new UsageError(
    `The definition ${word} has no name(), so its containers can't be found by it; say which by name ("haco ps" lists them).`,
  );
}

/** The registered containers that words mean. Of several that one definition has, those that are there. */
export async function findContainers(
  words: readonly string[],
): Promise<Result<readonly ManagedContainer[], CommandError>> {
  const found: ManagedContainer[] = [];
  for (const word of words) {
    const names = await namesOf(word);
    if (names.isErr()) return err(names.error);
    const there: ManagedContainer[] = [];
    let missing: CommandError | undefined;
    for (const name of names.value) {
      const container = await containers().get(name);
      if (container.isOk()) there.push(container.value);
      else if (container.error.kind === 'not-found') missing ??= inOurWords(container.error, name);
      else return err(container.error);
    }
    if (there.length === 0 && missing !== undefined) return err(missing);
    found.push(...there);
  }
  return ok(found);
}

/** The one container that a word means; `name` says which, when it is a definition of several. */
export async function findContainer(word: string, name?: string): Promise<Result<ManagedContainer, CommandError>> {
  return (await findContainers([word])).andThen((all) => {
    const found = name === undefined ? all : all.filter((one) => one.name === name);
    const [first, second] = found;
    if (first !== undefined && second === undefined) return ok(first);
    const names = all.map((one) => one.name).join(', ');
    const problem = first === undefined ? `no container ${String(name)} that is there` : 'several containers';
    return err(new UsageError(`The definition ${word} has ${problem}; say which: ${names}.`));
  });
}

/** Flags that say which of the containers are meant, or which one without a word for it. */
export const whichOptions = {
  name: {
    type: 'string',
    short: 'n',
    value: 'NAME',
    about: 'only the container of this name',
    complete: 'container',
  },
  target: {
    type: 'string',
    short: 't',
    value: 'PID',
    about: 'the container whose first process, or supervisor, has this pid',
    complete: 'none',
  },
} as const satisfies OptionTable;

/** The registered containers that words and flags mean together. */
export async function findTargets(
  words: readonly string[],
  { name, target }: ValuesOf<typeof whichOptions>,
): Promise<Result<readonly ManagedContainer[], CommandError>> {
  if (target !== undefined) return findByPid(target);
  if (words.length === 0) {
    if (name !== undefined) return findContainers([name]);
    return err(new UsageError('Say which container: its name, its definition, or --target PID.'));
  }
  const found = await findContainers(words);
  if (name === undefined) return found;
  return found.andThen((all) => {
    const named = all.filter((one) => one.name === name);
    const names = all.map((one) => one.name).join(', ');
    return named.length > 0 ? ok(named) : err(new UsageError(`There is no container ${name} among ${names}.`));
  });
}

async function findByPid(word: string): Promise<Result<readonly ManagedContainer[], CommandError>> {
  if (!/^[1-9]\d*$/.test(word)) return err(new UsageError(`The option --target takes a pid, not "${word}".`));
  const all = await containers().list();
  if (all.isErr()) return err(all.error);
  for (const container of all.value) {
    const state = await container.state();
    if (state.isOk() && [state.value.pid, state.value.supervisor?.pid].includes(Number(word))) return ok([container]);
  }
  const remedy = '"haco ps" shows the pids of first processes, "haco inspect" those of supervisors';
  return err(new NotFoundError({ what: 'container with the pid', subject: word, remedy }));
}

/** What core says to programmers, for who has a command line. */
function inOurWords(error: HacoError, name: string): HacoError {
  if (error.kind !== 'not-found' || error.what !== 'container') return error;
  const remedy = '"haco ps --all" lists them; those of other users, or of another HACO_STATE_DIR, are not seen';
  return new NotFoundError({ what: 'container', subject: name, remedy });
}
