/** `haco completion`: a script with which a shell completes commands, options and values. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { suggestion } from '../command-line/suggest.js';
import { commandTable } from '../command-line/table.js';
import { UsageError } from '../command-line/usage-error.js';
import { completionScript, shells, type Shell } from '../completion/script.js';

export const command = defineCommand({
  name: 'completion',
  about:
    'Print a script with which a shell completes commands, options, their values, definitions and the names of containers.',
  operands: { usage: 'bash|zsh|fish', least: 1, most: 1, complete: 'none' },
  options: {},
  examples: [
    ['source <(haco completion bash)', 'for this shell'],
    ['haco completion zsh > ~/.zfunc/_haco', 'for zsh, where ~/.zfunc is in fpath'],
    ['haco completion fish > ~/.config/fish/completions/haco.fish', 'for fish'],
  ],
  async run(context, { operands: [shell = ''] }) {
    if (!shells.includes(shell as Shell)) {
      const last = suggestion(shell, shells, `there are ${shells.join(', ')}.`);
      return err(new UsageError(`"haco completion" doesn't know the shell "${shell}"; ${last}`));
    }
    const commands = await Promise.all(commandTable.map(async (row) => ({ row, command: (await row.load()).command })));
    context.write(completionScript(shell as Shell, commands));
    return ok(0);
  },
});
