/** `haco revisions`: what a report of a fault should say. */
import { ok } from 'neverthrow';
import { revisions } from '@haco/core';
import { defineCommand, noOperands } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';

export const command = defineCommand({
  name: 'revisions',
  about: 'Show the revision of haco, of its launcher, and of what both run on: for reports of faults.',
  operands: noOperands,
  options: { ...jsonOption },
  examples: [],
  run(context, { values }) {
    const all = revisions();
    if (values.json === true) {
      context.print(JSON.stringify(Object.fromEntries(all.map(({ component, revision }) => [component, revision]))));
    } else {
      const width = Math.max(...all.map(({ component }) => component.length)) + 2;
      for (const { component, revision } of all) context.print(`${component.padEnd(width)}${revision}`);
    }
    return Promise.resolve(ok(0));
  },
});
