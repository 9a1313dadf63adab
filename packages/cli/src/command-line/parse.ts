/** From words to options and operands, by Node's own parser; what it doesn't know is answered with a suggestion. */
import { parseArgs } from 'node:util';
import { err, ok, type Result } from 'neverthrow';
import type { Command, Invocation } from './command.js';
import { commonOptions, type OptionTable } from './options.js';
import { suggestion } from './suggest.js';
import { UsageError } from './usage-error.js';

type Values = Record<string, string | boolean | readonly string[]>;

/** Read the words after the name of the command. */
export function parseCommandLine(
  command: Command,
  argv: readonly string[],
): Result<Invocation<OptionTable>, UsageError> {
  const at = argv.indexOf('--');
  const before = at < 0 ? argv : argv.slice(0, at);
  const rest = at < 0 ? undefined : argv.slice(at + 1);
  const table: OptionTable = { ...command.options, ...commonOptions };
  const { tokens } = parseArgs({
    args: [...before],
    options: Object.fromEntries(
      Object.entries(table).map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Values = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const taken = takeOption(command, table, token, values);
    if (taken !== undefined) return err(taken);
  }
  const invocation = { values, operands, rest } as Invocation<OptionTable>;
  return values['help'] === true ? ok(invocation) : checkOperands(command, invocation);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** Put one option into the values; what is wrong with it, if something is. */
function takeOption(command: Command, table: OptionTable, token: OptionToken, values: Values): UsageError | undefined {
  const { name, rawName, value } = token;
  const option = Object.hasOwn(table, name) ? table[name] : undefined;
  if (option === undefined) {
    const known = Object.keys(table).map((word) => `--${word}`);
    const last =
      command.rest === undefined
        ? `"haco ${command.name} --help" lists all`
        : `what is meant for the command goes after "--"`;
    return new UsageError(`"haco ${command.name}" has no option ${rawName}; ${suggestion(rawName, known, last)}`);
  }
  if (option.type === 'boolean') {
    if (value !== undefined) return new UsageError(`The option ${rawName} takes no value; leave out "=${value}".`);
    values[name] = true;
    return undefined;
  }
  // An option where a value should be is a forgotten value, unless it was written with "=".
  if (
    value === undefined ||
    (token.inlineValue !== true && value.startsWith('-') && value.length > 1 && !/^-\d/.test(value))
  ) {
    return new UsageError(`The option ${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}.`);
  }
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const all = `it takes ${option.choices.join(', ')}`;
    return new UsageError(
      `The option ${rawName} doesn't know "${value}"; ${suggestion(value, option.choices, `${all}.`)}`,
    );
  }
  if (option.multiple === true) values[name] = [...((values[name] as readonly string[] | undefined) ?? []), value];
  else values[name] = value;
  return undefined;
}

function checkOperands(
  command: Command,
  invocation: Invocation<OptionTable>,
): Result<Invocation<OptionTable>, UsageError> {
  const { operands, rest } = invocation;
  const { least, most, usage } = command.operands;
  const help = `"haco ${command.name} --help" tells more.`;
  if (operands.length < least) return err(new UsageError(`"haco ${command.name}" needs ${usage}; ${help}`));
  if (operands.length > most) {
    const extra = operands[most] ?? '';
    return err(new UsageError(`"haco ${command.name}" doesn't know what to do with "${extra}"; ${help}`));
  }
  if (rest !== undefined && command.rest === undefined) {
    return err(new UsageError(`"haco ${command.name}" takes no command after "--"; ${help}`));
  }
  return ok(invocation);
}
