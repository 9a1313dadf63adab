/** The builder of a definition, as a supervisor loads it: anew each time. */
import type { ResultAsync } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { Builder } from '../builder.js';
import { loadDefinition } from '../definition/load.js';
import type { SupervisorRequest } from './request.js';

/** Errors: as `loadDefinition()`. */
export function loadBuilder(
  definition: string,
  { args = [] }: Pick<SupervisorRequest, 'args'>,
): ResultAsync<Builder, HacoError> {
  return loadDefinition(definition, { command: 'supervise', args }).map(({ builder }) => builder);
}
