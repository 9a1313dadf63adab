/** `haco reload`: bring a changed definition into force while its container runs. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { findTargets, whichOptions } from '../registry/target.js';

export const command = defineCommand({
  name: 'reload',
  about:
    'Let containers that run on their own read their definition again, and bring into force what changed and can be changed live: ' +
    'limits, resource limits, and how they are looked after. All of it or nothing.',
  operands: { usage: '[NAME|FILE...]', least: 0, most: Infinity, complete: 'container' },
  options: { ...whichOptions, ...jsonOption },
  examples: [
    ['haco reload web.haco.ts', 'after it was edited'],
    ['haco reload -n shop-db shop.haco.ts', 'one of a cluster'],
  ],
  async run(context, { values, operands }) {
    const found = await findTargets(operands, values);
    if (found.isErr()) return err(found.error);
    for (const container of found.value) {
      const report = await container.reload();
      if (report.isErr()) return err(report.error);
      const { applied, needsRestart } = report.value;
      if (values.json === true) context.print(JSON.stringify({ name: container.name, ...report.value }));
      else {
        const later = needsRestart.length === 0 ? '' : `; with the next start: ${needsRestart.join(', ')}`;
        context.print(
          `${container.name}: ${applied.length === 0 ? 'nothing has changed' : `in force: ${applied.join(', ')}`}${later}`,
        );
      }
    }
    return ok(0);
  },
});
