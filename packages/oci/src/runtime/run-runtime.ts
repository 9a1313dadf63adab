/** One call of the runtime: the command line, the command, and what is said when it fails. */
import { commands, type CommandName } from './commands/index.js';
import type { Command } from './commands/command.js';
import { generalHelp, helpOf } from './help.js';
import { reportFailure, reportWarning } from './log.js';
import { parseCommandLine } from './command-line.js';
import { defaultRoot } from './state-root.js';
import { specVersion } from './spec-version.js';
import { version } from './version.js';

/** Perform a command line; its exit code. */
export async function runRuntime(args: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(args, commands);
  if (parsed.isErr()) {
    const { message, log } = parsed.error;
    return reportFailure(message, log, 1);
  }
  const { global, command, options, rest } = parsed.value;
  if (global.version) {
    process.stdout.write(`haco-oci version ${version}\nspec: ${specVersion}\n`);
    return 0;
  }
  if (command === undefined || command === 'help' || global.help || options['help'] === true) {
    process.stdout.write(
      command === undefined || command === 'help' ? generalHelp(commands) : helpOf(command, commands),
    );
    return 0;
  }
  const { load, failureCode = 1 }: Command = commands[command as CommandName];
  try {
    const root = global.root ?? defaultRoot();
    const run = await load(root);
    const result = await run({
      root,
      cgroupManager: global.cgroupManager,
      criu: global.criu,
      options,
      rest,
      warn: (message) => {
        reportWarning(message, global);
      },
    });
    return result.isOk() ? result.value : reportFailure(result.error.message, global, failureCode);
  } catch (cause) {
    // On other systems the C library can't be called. Not by its class: each of the two files of this program has one of its own.
    if (cause instanceof Error && 'kind' in cause && cause.kind === 'unsupported') {
      return reportFailure(cause.message, global, failureCode);
    }
    // A mistake of ours; an engine still wants its sentence and its exit code.
    return reportFailure(
      `haco-oci failed unexpectedly: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
      global,
      failureCode,
    );
  }
}
