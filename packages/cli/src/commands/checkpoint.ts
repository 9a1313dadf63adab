/** `haco checkpoint`: save the processes of a running container, to be restored later. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { UsageError } from '../command-line/usage-error.js';
import { criuOf, criuOptions } from '../container/criu.js';
import { findTargets, whichOptions } from '../registry/target.js';

export const command = defineCommand({
  name: 'checkpoint',
  about:
    'Save the processes of a running container with CRIU, and print the directory; "haco restore" goes on from there. The container ends ' +
    'then, unless it is told to go on. Its root directory is not saved. Needs root, and "apt-get install criu"; the environment variable ' +
    'HACO_CRIU names another program.',
  operands: { usage: '[NAME|FILE]', least: 0, most: 1, complete: 'container' },
  options: {
    ...whichOptions,
    ...criuOptions,
    dir: {
      type: 'string',
      short: 'd',
      value: 'DIR',
      about: 'where to; without it below the state directory, which is emptied at boot',
      complete: 'directory',
    },
    'leave-running': { type: 'boolean', about: 'let it go on afterwards' },
    running: { type: 'boolean', short: 'R', about: 'a container that runs, as always: the word of haconiwa' },
    timeout: { type: 'string', value: 'TIME', about: 'give up after this time, e.g. 30s', complete: 'none' },
    external: {
      type: 'string',
      multiple: true,
      value: 'TARGET',
      about: 'a mount whose source "haco restore --external" will say',
      complete: 'none',
    },
    ...jsonOption,
  },
  examples: [
    ['haco checkpoint -d /srv/checkpoints/web web', 'save it, and end it'],
    ['haco checkpoint --leave-running web.haco.ts', 'by its definition; it goes on'],
    ['haco checkpoint -n shop-db shop.haco.ts', 'one of a cluster'],
  ],
  async run(context, { values, operands }) {
    const criu = criuOf(values);
    if (criu.isErr()) return err(criu.error);
    const found = await findTargets(operands, values);
    if (found.isErr()) return err(found.error);
    const [container, ...others] = found.value;
    if (container === undefined || others.length > 0) {
      const names = found.value.map(({ name }) => name).join(', ');
      return err(
        new UsageError(`"haco checkpoint" saves one container, and these are ${names}; say which with --name.`),
      );
    }
    const { dir, timeout, external, 'leave-running': leaveRunning } = values;
    const saved = await container.checkpoint(dir, {
      ...criu.value,
      ...(leaveRunning === true ? { leaveRunning } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(external === undefined ? {} : { externals: external }),
    });
    if (saved.isErr()) return err(saved.error);
    context.print(values.json === true ? JSON.stringify(saved.value) : saved.value.directory);
    return ok(0);
  },
});
