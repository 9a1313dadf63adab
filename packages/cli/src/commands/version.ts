/** `haco version`. */
import { ok } from 'neverthrow';
import { defineCommand, noOperands } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { version } from '../version.js';

export const command = defineCommand({
  name: 'version',
  about: 'Show the version of haco.',
  operands: noOperands,
  options: { ...jsonOption },
  examples: [],
  run(context, { values }) {
    const node = process.versions.node;
    context.print(values.json === true ? JSON.stringify({ haco: version(), node }) : `haco: v${version()}`);
    return Promise.resolve(ok(0));
  },
});
