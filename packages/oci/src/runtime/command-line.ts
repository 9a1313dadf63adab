/** The command line of engines: global flags, a command, its flags, and the rest. As runc's: a value stands behind its flag or after `=`. */
import { InvalidSpecError, issue, quote } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import type { LogTarget } from './log.js';

/** What a flag takes. */
export type FlagKind = 'switch' | 'value' | 'list';

/** The flags of one command, by their long names. */
export type Flags = Readonly<
  Record<string, { readonly kind: FlagKind; readonly short?: string; readonly help: string }>
>;

/** Who makes the groups of containers: nobody with `disabled`, and with `systemd` they have the paths that it would give them. */
export type CgroupManager = 'cgroupfs' | 'systemd' | 'disabled';

const cgroupManagers: readonly string[] = ['cgroupfs', 'systemd', 'disabled'] satisfies readonly CgroupManager[];

/** What is asked for whatever the command is. */
export interface GlobalOptions extends LogTarget {
  readonly root?: string;
  readonly cgroupManager: CgroupManager;
  /** The program criu. */
  readonly criu?: string;
  readonly debug: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

/** Values by the long names of flags. */
export type Values = Readonly<Record<string, string | true | readonly string[]>>;

/** A command line that makes sense. */
export interface CommandLine {
  readonly global: GlobalOptions;
  readonly command: string | undefined;
  readonly options: Values;
  readonly rest: readonly string[];
}

/** Why it makes none, and where that is to be logged. */
export interface CommandLineProblem {
  readonly message: string;
  readonly log: LogTarget;
}

/** Flags before the command. */
export const globalFlags: Flags = {
  root: { kind: 'value', help: 'directory of the states of containers' },
  log: { kind: 'value', help: 'file to which errors are written, too' },
  'log-format': { kind: 'value', help: 'text or json' },
  'systemd-cgroup': { kind: 'switch', help: 'cgroupsPath has the form slice:prefix:name' },
  'cgroup-manager': { kind: 'value', help: 'cgroupfs, systemd or disabled, as with crun' },
  rootless: { kind: 'value', help: 'true, false or auto; what is possible is found out anyway' },
  criu: { kind: 'value', help: 'the program criu; HACO_CRIU, or that of the PATH, without it' },
  debug: { kind: 'switch', help: 'ignored: errors tell everything' },
  version: { kind: 'switch', short: 'v', help: 'print the version' },
  help: { kind: 'switch', short: 'h', help: 'print this' },
};

interface Taken {
  readonly values: Record<string, string | true | readonly string[]>;
  readonly rest: readonly string[];
}

/** Flags at the beginning of a list, up to the first word that is none, or `--`. */
function takeFlags(args: readonly string[], flags: Flags): Result<Taken, string> {
  const values: Record<string, string | true | readonly string[]> = {};
  const names = new Map(
    Object.entries(flags).flatMap(
      ([name, { short }]) => [[name, name], ...(short === undefined ? [] : [[short, name]])] as [string, string][],
    ),
  );
  let index = 0;
  for (; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--') return ok({ values, rest: args.slice(index + 1) });
    if (!word.startsWith('-') || word === '-') break;
    const bare = word.replace(/^--?/, '');
    const equals = bare.indexOf('=');
    const name = names.get(equals === -1 ? bare : bare.slice(0, equals));
    const kind = name === undefined ? undefined : flags[name]?.kind;
    if (name === undefined || kind === undefined) return err(`there is no flag ${quote(word)}`);
    if (kind === 'switch') {
      const given = equals === -1 ? 'true' : bare.slice(equals + 1);
      if (given !== 'true' && given !== 'false') return err(`${quote(word)} is neither true nor false`);
      if (given === 'true') values[name] = true;
      continue;
    }
    const value = equals === -1 ? args[(index += 1)] : bare.slice(equals + 1);
    if (value === undefined) return err(`${quote(word)} needs a value`);
    const before = values[name];
    values[name] = kind === 'list' ? [...(Array.isArray(before) ? (before as readonly string[]) : []), value] : value;
  }
  return ok({ values, rest: args.slice(index) });
}

function text(value: Values[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What a command takes, as far as its command line is concerned. */
export interface CommandShape {
  readonly flags: Flags;
  /** Names of the words behind the flags, for the help: `<container-id>`. */
  readonly words: string;
  /** How many there are, at least and at most. */
  readonly count: readonly [least: number, most: number];
}

/** Read a command line. */
export function parseCommandLine(
  args: readonly string[],
  commands: Readonly<Record<string, CommandShape>>,
): Result<CommandLine, CommandLineProblem> {
  let log: LogTarget = { logFormat: 'text' };
  const wrong = (problem: string): Result<never, CommandLineProblem> => {
    const { message } = new InvalidSpecError({ issues: [issue('', `${problem}; see haco-oci --help`)] });
    return err({ message: message.replace('The spec is invalid', 'The command line is invalid'), log });
  };
  const first = takeFlags(args, globalFlags);
  if (first.isErr()) return wrong(first.error);
  const { values, rest } = first.value;
  const format = text(values['log-format']) ?? 'text';
  const file = text(values['log']);
  log = { logFormat: format === 'json' ? 'json' : 'text', ...(file === undefined ? {} : { log: file }) };
  if (format !== 'text' && format !== 'json')
    return wrong(`${quote(format)} is no format of a log, only text and json`);
  const manager = text(values['cgroup-manager']) ?? 'cgroupfs';
  if (!cgroupManagers.includes(manager))
    return wrong(`${quote(manager)} manages no cgroups, only ${cgroupManagers.join(', ')} do`);
  const root = text(values['root']);
  const criu = text(values['criu']);
  const global: GlobalOptions = {
    ...log,
    ...(root === undefined ? {} : { root }),
    cgroupManager: values['systemd-cgroup'] === true ? 'systemd' : (manager as CgroupManager),
    ...(criu === undefined ? {} : { criu }),
    debug: values['debug'] === true,
    version: values['version'] === true,
    help: values['help'] === true,
  };
  const [command, ...others] = rest;
  if (command === undefined || command === 'help') return ok({ global, command: undefined, options: {}, rest: [] });
  const shape = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (shape === undefined) return wrong(`there is no command ${quote(command)}`);
  const second = takeFlags(others, { ...shape.flags, help: { kind: 'switch', short: 'h', help: 'print this' } });
  if (second.isErr()) return wrong(second.error);
  const { values: options, rest: words } = second.value;
  const [least, most] = shape.count;
  if (options['help'] !== true && (words.length < least || words.length > most)) {
    return wrong(`${command} takes ${shape.words === '' ? 'nothing else' : shape.words}`);
  }
  return ok({ global, command, options, rest: words });
}

/** The value of a flag. */
export function valueOf(options: Values, name: string): string | undefined {
  return text(options[name]);
}

/** All values of a flag that may be there several times. */
export function listOf(options: Values, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
