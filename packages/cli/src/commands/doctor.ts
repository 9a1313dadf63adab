/** `haco doctor`: what works on this host for this user. */

import { doctor } from '@haco/core';
import { defineCommand, noOperands } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';

export const command = defineCommand({
  name: 'doctor',
  about:
    'Say what of all that haco does works on this host for this user, and what to do about the rest. The exit code is 0 when ' +
    'everything works, else 1.',
  operands: noOperands,
  options: { ...jsonOption },
  examples: [['sudo haco doctor', 'what root can have']],
  async run(context, { values }) {
    return (await doctor()).map((diagnosis) => {
      if (values.json === true) context.print(JSON.stringify(diagnosis));
      for (const { what, ok: works, problems } of values.json === true ? [] : diagnosis.findings) {
        context.print(`${works ? context.paint('green', '✓') : context.paint('red', '✗')} ${what}`);
        for (const { message } of problems) context.print(`    ${message}`);
      }
      return diagnosis.ok ? 0 : 1;
    });
  },
});
