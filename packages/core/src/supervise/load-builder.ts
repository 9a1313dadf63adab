/** The builder of a definition, as a supervisor loads it: anew each time. */
import { err, ok, type Result, type ResultAsync } from 'neverthrow';
import { NotFoundError, type HacoError } from '@haco/plan';
import type { Builder } from '../builder.js';
import type { Cluster } from '../cluster/cluster.js';
import { loadAnyDefinition } from '../definition/load.js';
import type { SupervisorRequest } from './request.js';

/** Errors: as `loadAnyDefinition()`; `not-found`, when it is a cluster that has no container of the name. */
export function loadBuilder(
  definition: string,
  { args = [], spec }: Pick<SupervisorRequest, 'args' | 'spec'>,
): ResultAsync<Builder, HacoError> {
  const { name } = spec['identity'] as { readonly name: string };
  return loadAnyDefinition(definition, { command: 'supervise', args }).andThen((loaded) =>
    loaded.kind === 'container' ? ok(loaded.builder) : builderIn(loaded.cluster, name, definition),
  );
}

function builderIn(cluster: Cluster, name: string, path: string): Result<Builder, HacoError> {
  return cluster.containers().andThen((containers) => {
    const found = containers.find((one) => one.name === name);
    if (found !== undefined) return ok(found.builder);
    const remedy = `the cluster in ${path} has ${containers.map((one) => one.name).join(', ')}`;
    return err(new NotFoundError({ what: 'container', subject: name, remedy }));
  });
}
