/** `haco events`: what happens to containers, as it happens. */
import { err, ok } from 'neverthrow';
import { containers, type ManagedContainer } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import type { Context } from '../context.js';
import { findContainers } from '../registry/target.js';
import { facts } from '../view/facts.js';

type Event = { readonly type: string; readonly atMs: number };

function show(context: Context, name: string, event: Event, json: boolean): void {
  const { atMs, type, ...rest } = event;
  const at = new Date(atMs).toISOString();
  if (json) context.print(JSON.stringify({ at, name, type, ...rest }));
  else {
    const details = facts(rest).map(([path, value]) => `${path}=${value}`);
    context.print([context.paint('dim', at), context.paint('cyan', name), type, ...details].join('  '));
  }
}

export const command = defineCommand({
  name: 'events',
  about:
    'Tell what happens to containers, as it happens, until they have ended: kills for want of memory, refused forks, freezing, their end. ' +
    'Those that run now, or those that are named. A container without any limit has no cgroup, and so no events.',
  operands: { usage: '[NAME|FILE...]', least: 0, most: Infinity, complete: 'container' },
  options: { ...jsonOption },
  examples: [['haco events --json | jq -c "select(.type == \\"oom-kill\\")"', '']],
  async run(context, { values, operands }) {
    const found = operands.length > 0 ? await findContainers(operands) : await containers().list();
    if (found.isErr()) return err(found.error);
    const follow = async (container: ManagedContainer) => {
      const events = await container.events();
      if (events.isErr()) return operands.length > 0 ? err(events.error) : ok(0);
      for await (const event of events.value) show(context, container.name, event, values.json === true);
      return ok(0);
    };
    const results = await Promise.all(found.value.map(follow));
    return results.find((result) => result.isErr()) ?? ok(0);
  },
});
