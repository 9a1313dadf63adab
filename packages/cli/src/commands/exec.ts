/** `haco exec`: a further program in a running container. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { insideOptions, runInside } from '../registry/inside.js';
import { findContainer } from '../registry/target.js';

export const command = defineCommand({
  name: 'exec',
  about:
    'Run a further program in a running container: in its namespaces, as its user, confined as it is, unless flags say otherwise. The ' +
    'exit code is that of the program; as for "haco run".',
  operands: { usage: 'NAME|FILE [COMMAND ARG...]', least: 1, most: Infinity, complete: 'container' },
  rest: 'COMMAND ARG...',
  options: insideOptions,
  examples: [
    ['haco exec web -- ps', ''],
    ['haco exec -u nobody -e LANG=C web -- id', ''],
  ],
  async run(context, { values, operands, rest = [] }) {
    const [word = '', ...more] = operands;
    const container = await findContainer(word);
    if (container.isErr()) return err(container.error);
    return runInside(context, container.value, values, [...more, ...rest]);
  },
});
