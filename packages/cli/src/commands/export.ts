/** `haco export`: a definition for others. */
import { join, resolve } from 'node:path';
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { words } from '../container/lists.js';
import { loadContainers } from '../definition/load.js';

export const command = defineCommand({
  name: 'export',
  about:
    'Write a definition as a bundle of the OCI runtime specification, which runc, crun and others run: a directory with a config.json that ' +
    'names the root. Of a cluster each container becomes a bundle below the directory. What the specification has no word for is an error, ' +
    'unless --accept names it: whoever runs the bundle should know.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: {
    dest: { type: 'string', short: 'd', value: 'DIR', about: 'where the bundle is written', complete: 'directory' },
    format: { type: 'string', value: 'FORMAT', choices: ['oci'], about: 'what is written: oci' },
    accept: {
      type: 'string',
      multiple: true,
      value: 'PATH,...',
      about: 'what may be left out, as the error names it, e.g. control.timeoutMs',
      complete: 'none',
    },
  },
  examples: [
    ['haco export -d /srv/bundles/web web.haco.ts', 'then: runc run --bundle /srv/bundles/web web'],
    ['haco export -d web --accept control.timeoutMs web.haco.ts', 'without its timeout, which only haco knows'],
  ],
  async run(context, { values, operands: [file = ''] }) {
    const { dest } = values;
    if (dest === undefined) return err(new UsageError('"haco export" needs --dest DIR, e.g. --dest /srv/bundles/web.'));
    const containers = await loadContainers(file, { command: 'export', args: [] });
    if (containers.isErr()) return err(containers.error);
    const { writeBundle } = await import('@haco/oci');
    for (const { name, member, builder } of containers.value) {
      const directory = member === undefined ? resolve(dest) : join(resolve(dest), String(name));
      const written = await writeBundle(builder, directory, { accept: words(values.accept) });
      if (written.isErr()) return err(written.error);
      context.print(directory);
      for (const { path, message } of written.value.notRepresented) context.printError(`${path}: ${message}`);
    }
    return ok(0);
  },
});
