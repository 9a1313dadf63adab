/** What `--help` prints. */
import { globalFlags, type CommandShape, type Flags } from './command-line.js';

function list(flags: Flags): string {
  return Object.entries(flags)
    .map(([name, { kind, short, help }]) => {
      const words = `--${name}${short === undefined ? '' : `, -${short}`}${kind === 'switch' ? '' : ' value'}`;
      return `   ${words.padEnd(26)} ${help}\n`;
    })
    .join('');
}

/** Of the program. */
export function generalHelp(commands: Readonly<Record<string, CommandShape & { readonly help: string }>>): string {
  const names = Object.entries(commands)
    .map(([name, { help }]) => `   ${name.padEnd(11)} ${help}\n`)
    .join('');
  return `haco-oci - containers of the Open Container Initiative's runtime specification\n\nUSAGE:\n   haco-oci [global options] command [command options] [arguments...]\n\nCOMMANDS:\n${names}\nGLOBAL OPTIONS:\n${list(globalFlags)}`;
}

/** Of one command. */
export function helpOf(
  name: string,
  commands: Readonly<Record<string, CommandShape & { readonly help: string }>>,
): string {
  const command = commands[name];
  if (command === undefined) return generalHelp(commands);
  const { help, words, flags } = command;
  return `haco-oci ${name} - ${help}\n\nUSAGE:\n   haco-oci ${name} [command options] ${words}\n\nOPTIONS:\n${list(flags)}`;
}
