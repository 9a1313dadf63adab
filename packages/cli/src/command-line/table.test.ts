import { describe, expect, it } from 'vitest';
import { processContext } from '../context.js';
import { commandHelp, usageLine } from './help.js';
import { commonOptions } from './options.js';
import { commandTable, findRow } from './table.js';

describe('the table of commands', () => {
  it('has no word twice', () => {
    const words = commandTable.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(words).size).toBe(words.length);
    expect(findRow('start')?.name).toBe('run');
    expect(findRow('toString')).toBeUndefined();
  });

  it.each(commandTable.map((row) => [row.name, row] as const))(
    '%s is what its row says, and can be read',
    async (name, row) => {
      const { command } = await row.load();
      expect(command.name).toBe(name);
      expect(command.about).toMatch(/^[A-Z].*\.$/s);
      const options = Object.entries({ ...command.options, ...commonOptions });
      const letters = options.flatMap(([, { short }]) => short ?? []);
      expect(new Set(letters).size).toBe(letters.length);
      for (const [, { about }] of options) expect(about).not.toMatch(/\.$/);
      const help = commandHelp({ ...processContext(), columns: 80, paint: (_style, text) => text }, command);
      expect(help).toContain(usageLine(command));
      for (const [option] of options) expect(help).toContain(`--${option}`);
      for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    },
  );
});
