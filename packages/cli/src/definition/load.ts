/** A definition file as the containers that it describes. */
import type { Result } from 'neverthrow';
import { loadAnyDefinition, type Builder, type Cluster } from '@haco/core';
import type { CommandError } from '../command-line/command.js';

/** One container of a definition. */
export interface DefinedContainer {
  /** Undefined when the definition gives it none. */
  readonly name: string | undefined;
  /** Which member of a cluster it is. */
  readonly member?: string;
  readonly builder: Builder;
}

/** What a definition file has. */
export interface LoadedDefinition {
  /** Absolute path of the file. */
  readonly path: string;
  /** A container, or several that belong together. */
  readonly described: Builder | Cluster;
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
  return (await loadAnyDefinition(path, context)).map((definition) => ({
    path: definition.path,
    described: definition.kind === 'cluster' ? definition.cluster : definition.builder,
  }));
}

/** Whether what is described is several containers. */
export function isCluster(described: Builder | Cluster): described is Cluster {
  return 'containers' in described;
}

/** The containers of what is described: one, or those of a cluster. Errors: `invalid-spec`. */
export function containersOf(described: Builder | Cluster): Result<readonly DefinedContainer[], CommandError> {
  if (isCluster(described)) return described.containers();
  return described.spec().map(({ identity: { name } }) => [{ name, builder: described }]);
}

/** As {@link loadDefinition}, of which only the containers are wanted. */
export async function loadContainers(
  path: string,
  context: LoadedFor,
): Promise<Result<readonly DefinedContainer[], CommandError>> {
  return (await loadDefinition(path, context)).andThen(({ described }) => containersOf(described));
}
