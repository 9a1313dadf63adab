/** `haco stats`: everything that the kernel counts for containers, now. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { findContainers } from '../registry/target.js';
import { facts } from '../view/facts.js';

export const command = defineCommand({
  name: 'stats',
  about:
    'Show everything that the kernel counts for containers now, once: times in ms, sizes in bytes. "haco top" shows rates.',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: { ...jsonOption },
  examples: [['haco stats web --json | jq .stats.memory.currentBytes', 'for a script']],
  async run(context, { values, operands }) {
    const found = await findContainers(operands);
    if (found.isErr()) return err(found.error);
    for (const container of found.value) {
      const stats = await container.stats();
      if (stats.isErr()) return err(stats.error);
      if (values.json === true) context.print(JSON.stringify({ name: container.name, stats: stats.value }));
      else {
        context.print(context.paint('bold', container.name));
        for (const [path, value] of facts(stats.value)) context.print(`  ${path.padEnd(36)} ${value}`);
      }
    }
    return ok(0);
  },
});
