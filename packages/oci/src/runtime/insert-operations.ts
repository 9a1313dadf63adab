/** More operations between those of a step, whose skips go on meaning the same. */
import type { Operation } from '@haco/plan';

/** Those of `after`, after each operation. */
export function insertOperations(
  operations: readonly Operation[],
  after: (operation: Operation) => readonly Operation[],
): readonly Operation[] {
  const added = operations.map(after);
  return operations.flatMap((operation, index) => {
    const more = (skip: number): number =>
      skip + added.slice(index + 1, index + 1 + skip).reduce((sum, { length }) => sum + length, 0);
    const own = added[index] ?? [];
    if (operation.op !== 'syscall') return [operation, ...own];
    const { skipOnSuccess, skipOnTolerated } = operation;
    const moved = {
      ...operation,
      ...(skipOnSuccess === undefined ? {} : { skipOnSuccess: more(skipOnSuccess) }),
      ...(skipOnTolerated === undefined ? {} : { skipOnTolerated: more(skipOnTolerated) }),
    };
    return [moved, ...own];
  });
}
