/** A definition file as the containers that it describes. */
import type { Result } from 'neverthrow';
import { loadDefinition as load, type Builder } from '@haco/core';
import type { CommandError } from '../command-line/command.js';

/** What a definition file has. */
export interface LoadedDefinition {
  /** Absolute path of the file. */
  readonly path: string;
  readonly builder: Builder;
  /** Names of its containers, where they have one. */
  readonly names: readonly string[];
}

/** For whom a definition is loaded: it may be a function that wants to know. */
export interface LoadedFor {
  readonly command: string;
  readonly args: readonly string[];
}

/** Whether a word looks like the path of a definition. */
export function isDefinition(word: string): boolean {
  return /\.[cm]?[jt]s$/.test(word);
}

/** Load a definition. */
export async function loadDefinition(
  path: string,
  context: LoadedFor,
): Promise<Result<LoadedDefinition, CommandError>> {
  const loaded = await load(path, context);
  return loaded.andThen((definition) => {
    const { builder } = definition;
    return builder.spec().map(({ identity: { name } }) => ({
      path: definition.path,
      builder,
      names: name === undefined ? [] : [name],
    }));
  });
}
