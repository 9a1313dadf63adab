/** `haco attach`: a shell in a running container, found by its name, its definition, or the pid of a process in it. */
import { err } from 'neverthrow';
import { attachTo } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { isDefinition } from '../definition/load.js';
import { insideOptions, runInside } from '../registry/inside.js';
import { findContainer } from '../registry/target.js';

const shell = ['/bin/sh', '-c', 'if [ -x /bin/bash ]; then exec /bin/bash; else exec /bin/sh; fi'];

export const command = defineCommand({
  name: 'attach',
  about:
    'Run a shell, or another command, in a running container, found by its name, its definition, or the pid of a process in it. What it ' +
    'may do is what the container may, unless flags say otherwise.',
  operands: { usage: '[NAME|FILE] [COMMAND ARG...]', least: 0, most: Infinity, complete: 'container' },
  rest: 'COMMAND ARG...',
  options: {
    name: { type: 'string', short: 'n', value: 'NAME', about: 'which container', complete: 'container' },
    ...insideOptions,
    // What haconiwa has.
    target: {
      type: 'string',
      short: 't',
      value: 'PID',
      about: 'a process in the container, with haco or not',
      complete: 'none',
    },
    tty: { type: 'boolean', about: insideOptions.tty.about },
  },
  examples: [
    ['haco attach web', 'a shell in it'],
    ['haco attach --target 4711 -- ps', 'in the container of that process'],
  ],
  async run(context, { values, operands, rest = [] }) {
    const { name, target, ...options } = values;
    const [first = ''] = operands;
    const file = target === undefined && isDefinition(first) ? first : undefined;
    const named = file ?? name ?? (target === undefined ? operands[0] : undefined);
    // Beside a pid, a definition is only what haconiwa wants to stand there.
    const isTarget = (name === undefined && target === undefined) || isDefinition(first);
    const words = [...operands.slice(isTarget ? 1 : 0), ...rest];
    const command_ = words.length === 0 ? shell : words;
    if (target !== undefined) {
      if (!/^[1-9]\d*$/.test(target))
        return err(new UsageError(`The option --target takes the pid of a process, not "${target}".`));
      const attached = await attachTo({ pid: Number(target) });
      if (attached.isErr()) return err(attached.error);
      return runInside(context, attached.value, options, command_);
    }
    if (named === undefined)
      return err(new UsageError('"haco attach" needs the name of a container, its definition, or --target PID.'));
    const container = await findContainer(named, file === undefined ? undefined : name);
    if (container.isErr()) return err(container.error);
    return runInside(context, container.value, options, command_);
  },
});
