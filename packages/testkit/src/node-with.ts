/** For tests: a Node of its own, to be looked at or killed. */

/** Node with these sources, and a program for it; to be run in the directory of the package whose imports it has. */
export function nodeWith(program: string): readonly string[] {
  const flags = ['--import', 'tsx', '--conditions', '@haco/source', '--input-type=module', '--eval'];
  return [process.execPath, ...flags, program];
}
