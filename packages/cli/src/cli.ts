/** From words to an exit code: find the command, read its options, run it, tell what went wrong in one sentence. */
import { UnsupportedError } from '@haco/core';
import { err, ok } from 'neverthrow';
import { commandHelp, generalHelp } from './command-line/help.js';
import type { CommandError, CommandResult } from './command-line/command.js';
import { parseCommandLine } from './command-line/parse.js';
import { suggestion } from './command-line/suggest.js';
import { commandTable, findRow } from './command-line/table.js';
import { UsageError } from './command-line/usage-error.js';
import { processContext, type Context } from './context.js';
import { exitCodeOfError } from './exit-code.js';
import { version } from './version.js';

/**
 * Do what the words say, on this process's streams; the exit code is what the process should end with.
 *
 * @param argv - words after `haco`
 * @example
 * ```ts
 * import { runCli } from '@haco/cli';
 * process.exitCode = await runCli(['run', '--unshare', 'pid', '--', 'ps']);
 * ```
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  const context = processContext();
  const result = await dispatch(context, argv).catch(whereNothingRuns);
  if (result.isOk()) return result.value;
  tell(context, result.error, wantsJson(argv));
  return exitCodeOfError(result.error);
}

/** The C library is called in many places, some of them without a way to give an error: on other systems they throw this one. */
function whereNothingRuns(cause: unknown): CommandResult {
  if (cause instanceof UnsupportedError) return err(cause);
  throw cause;
}

async function dispatch(context: Context, argv: readonly string[]): Promise<CommandResult> {
  const [word, ...words] = argv;
  if (word === undefined || word === '--help' || word === '-h') {
    context.write(generalHelp(context, version()));
    return ok(0);
  }
  if (word === 'help') return dispatch(context, [...words.slice(0, 1), '--help']);
  if (word === '--version' || word === '-V') return dispatch(context, ['version', ...words]);
  const row = findRow(word);
  if (row === undefined) return err(unknownCommand(word));
  const { command } = await row.load();
  const parsed = parseCommandLine(command, words);
  if (parsed.isErr()) return err(parsed.error);
  if ((parsed.value.values as { readonly help?: boolean }).help === true) {
    context.write(commandHelp(context, command));
    return ok(0);
  }
  return command.run(context, parsed.value);
}

function unknownCommand(word: string): UsageError {
  const known = commandTable.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  const what = word.startsWith('-') ? `haco has no option ${word} before its command` : `haco has no command "${word}"`;
  return new UsageError(`${what}; ${suggestion(word, known, '"haco --help" lists all.')}`);
}

/** Whether an error is for a machine. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** One sentence to stderr, or one line of JSON. */
function tell(context: Context, error: CommandError, json: boolean): void {
  const { kind, message } = error;
  const line = json ? JSON.stringify({ error: { kind, message } }) : `${context.paintError('red', 'haco:')} ${message}`;
  context.printError(line);
}
