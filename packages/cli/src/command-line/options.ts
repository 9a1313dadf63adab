/** The options of a command: one table from which parsing, help, suggestions and completion are made. */

/** One option. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What its value is called in the help, e.g. `DIR`. */
  readonly value?: string;
  /** What it does, without a full stop. */
  readonly about: string;
  /** Words that it takes, for completion and checks. */
  readonly choices?: readonly string[];
  /** What the shell completes its value with. */
  readonly complete?: Completion;
}

/** What a shell offers for a word. */
export type Completion = 'file' | 'directory' | 'container' | 'command' | 'signal' | 'none';

/** Options by their long name, without the dashes. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends { readonly type: 'boolean' }
  ? boolean
  : S extends { readonly multiple: true }
    ? readonly string[]
    : string;

/** The values of a table's options; what wasn't given is missing. */
export type ValuesOf<O extends OptionTable> = { readonly [Name in keyof O]?: ValueOf<O[Name]> };

/** Options that every command has. */
export const commonOptions = {
  help: { type: 'boolean', short: 'h', about: 'show this help' },
} as const satisfies OptionTable;

/** For commands that answer something. */
export const jsonOption = {
  json: { type: 'boolean', about: 'answer in JSON, errors too' },
} as const satisfies OptionTable;
