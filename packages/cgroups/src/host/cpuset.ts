/** On v1 a new cpuset group has no CPUs and no memory nodes, and takes no process until it has both. */
import type { HacoError } from '@haco/plan';
import { okAsync, type ResultAsync } from 'neverthrow';
import { textOf, writeText } from './files.js';

/** Copy CPUs and memory nodes from the parents, from the top down, where a group has none. */
export function initialiseCpuset(path: string): ResultAsync<void, HacoError> {
  const value = (directory: string, file: string): string => (textOf(`${directory}/${file}`) ?? '').trim();
  const parent = path.slice(0, path.lastIndexOf('/'));
  const copy = (file: string): ResultAsync<void, HacoError> => {
    if (value(path, file) !== '' || textOf(`${path}/${file}`) === undefined) return okAsync(undefined);
    const above = value(parent, file) === '' ? initialiseCpuset(parent) : okAsync<void, HacoError>(undefined);
    return above.andThen(() => writeText(`${path}/${file}`, value(parent, file)));
  };
  return copy('cpuset.cpus').andThen(() => copy('cpuset.mems'));
}
