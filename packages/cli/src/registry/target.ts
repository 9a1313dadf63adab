/** Which containers a word means: the one of that name, or those of a definition. */
import { existsSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { containers, NotFoundError, type HacoError, type ManagedContainer } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { isDefinition, loadDefinition } from '../definition/load.js';

/** A file that is there, and has the ending of a definition: names may have dots, too. */
function isFile(word: string): boolean {
  return isDefinition(word) && existsSync(word);
}

/** The names that a word stands for. */
async function namesOf(word: string): Promise<Result<readonly string[], CommandError>> {
  if (!isFile(word)) return ok([word]);
  const loaded = await loadDefinition(word, { command: 'find', args: [] });
  return loaded.andThen(({ names }) =>
    names.length > 0
      ? ok(names)
      : err(
          new UsageError(
            `The definition ${word} has no name(), so its containers can't be found by it; say which by name ("haco ps" lists them).`,
          ),
        ),
  );
}

/** The registered containers that words mean. */
export async function findContainers(
  words: readonly string[],
): Promise<Result<readonly ManagedContainer[], CommandError>> {
  const found: ManagedContainer[] = [];
  for (const word of words) {
    const names = await namesOf(word);
    if (names.isErr()) return err(names.error);
    for (const name of names.value) {
      const container = await containers().get(name);
      if (container.isErr()) return err(inOurWords(container.error, name));
      found.push(container.value);
    }
  }
  return ok(found);
}

/** The one container that a word means. */
export async function findContainer(word: string): Promise<Result<ManagedContainer, CommandError>> {
  return (await findContainers([word])).andThen((found) => {
    const [first, second] = found;
    if (first !== undefined && second === undefined) return ok(first);
    const names = found.map(({ name }) => name).join(', ');
    return err(new UsageError(`The definition ${word} has several containers; say which: ${names}.`));
  });
}

/** What core says to programmers, for who has a command line. */
function inOurWords(error: HacoError, name: string): HacoError {
  if (error.kind !== 'not-found' || error.what !== 'container') return error;
  const remedy = '"haco ps --all" lists them; those of other users, or of another HACO_STATE_DIR, are not seen';
  return new NotFoundError({ what: 'container', subject: name, remedy });
}
