import { ok } from 'neverthrow';
import { describe, expect, it } from 'vitest';
import { defineCommand, noOperands } from './command.js';
import { parseCommandLine } from './parse.js';

const command = defineCommand({
  name: 'try',
  about: '',
  operands: { usage: 'FILE [WORD...]', least: 1, most: 2, complete: 'none' },
  rest: 'COMMAND',
  options: {
    name: { type: 'string', short: 'n', value: 'NAME', about: '' },
    env: { type: 'string', short: 'e', multiple: true, about: '' },
    daemon: { type: 'boolean', short: 'D', about: '' },
    wait: { type: 'boolean', short: 'w', about: '' },
    shell: { type: 'string', choices: ['bash', 'zsh'], about: '' },
  },
  examples: [],
  run: () => Promise.resolve(ok(0)),
});

const parse = (...argv: string[]) => parseCommandLine(command, argv)._unsafeUnwrap();
const problem = (...argv: string[]) => parseCommandLine(command, argv)._unsafeUnwrapErr().message;

describe('the parser', () => {
  it('takes options before and after the file, in every spelling', () => {
    const wanted = { values: { name: 'x', daemon: true }, operands: ['f'], rest: undefined };
    expect(parse('--name', 'x', '-D', 'f')).toEqual(wanted);
    expect(parse('f', '--name=x', '--daemon')).toEqual(wanted);
    expect(parse('f', '-nx', '-D')).toEqual(wanted);
    expect(parse('f', '-D', '-n', 'x')).toEqual(wanted);
  });

  it('keeps what comes after -- as it is', () => {
    expect(parse('f', '--', 'ps', '--name', '--', '-D')).toEqual({
      values: {},
      operands: ['f'],
      rest: ['ps', '--name', '--', '-D'],
    });
    expect(parse('f', '--').rest).toEqual([]);
  });

  it('collects what may be given several times, and lets the last one of others win', () => {
    expect(parse('f', '-e', 'a', '-eb', '-n', '1', '-n', '2').values).toEqual({ env: ['a', 'b'], name: '2' });
  });

  it('takes groups of letters', () => {
    expect(parse('-Dw', 'f').values).toEqual({ daemon: true, wait: true });
  });

  it('takes values that begin with a dash when they are numbers or joined with =', () => {
    expect(parse('f', '--name', '-1').values).toEqual({ name: '-1' });
    expect(parse('f', '--name=-x').values).toEqual({ name: '-x' });
  });

  it('knows no property of objects', () => {
    expect(problem('f', '--constructor')).toContain('has no option --constructor');
    expect(problem('f', '--__proto__=1')).toContain('has no option --__proto__');
  });

  it.each([
    [['f', '--nmae', 'x'], '"haco try" has no option --nmae; did you mean "--name"?'],
    [['f', '-z'], '"haco try" has no option -z; what is meant for the command goes after "--"'],
    [['f', '--name'], 'The option --name needs a value: --name NAME.'],
    [['f', '--name', '--daemon'], 'The option --name needs a value: --name NAME.'],
    [['f', '--daemon=yes'], 'The option --daemon takes no value; leave out "=yes".'],
    [['f', '--shell', 'bsh'], 'The option --shell doesn\'t know "bsh"; did you mean "bash"?'],
    [['f', '--shell', 'tcsh'], 'The option --shell doesn\'t know "tcsh"; it takes bash, zsh.'],
    [[], '"haco try" needs FILE [WORD...]; "haco try --help" tells more.'],
    [['a', 'b', 'c'], '"haco try" doesn\'t know what to do with "c"; "haco try --help" tells more.'],
  ])('says what is wrong with %j', (argv, sentence) => {
    expect(problem(...argv)).toBe(sentence);
  });

  it('refuses a command after -- where there is none, and asks nothing more of who wants help', () => {
    const plain = { ...command, rest: undefined, operands: noOperands };
    const { rest: _rest, ...without } = plain;
    expect(parseCommandLine(without, ['--', 'ps'])._unsafeUnwrapErr().message).toBe(
      '"haco try" takes no command after "--"; "haco try --help" tells more.',
    );
    expect(parse('--help').values).toEqual({ help: true });
  });
});
