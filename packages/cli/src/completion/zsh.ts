/** For zsh: _arguments for each command. @see zshcompsys(1) */
import type { CompletedCommand, CompletedOption } from './script.js';

const actions = {
  file: '_files',
  directory: '_files -/',
  command: '_command_names -e',
  signal: '_signals',
  container: '_haco_containers',
  none: ' ',
} as const;

/** Text within single quotes and brackets of _arguments. */
const quoted = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');

function argument({ name, short, about, value }: CompletedOption): string {
  const action = value === undefined ? '' : typeof value === 'string' ? actions[value] : `(${value.join(' ')})`;
  const tail = `[${quoted(about)}]${value === undefined ? '' : `:${name}:${action}`}`;
  return short === undefined ? `'*--${name}${tail}'` : `'*'{-${short},--${name}}'${tail}'`;
}

function caseOf({ names, options, operands }: CompletedCommand): string {
  const lines = [...options.map(argument), `'*::word:${actions[operands]}'`];
  return `    ${names.join('|')})\n      _arguments -s \\\n        ${lines.join(' \\\n        ')} ;;`;
}

/** The script. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap(({ names: all, summary }) => all.map((name) => `'${name}:${quoted(summary)}'`));
  return `#compdef haco
# Completion of haco for zsh: haco completion zsh > ~/.zfunc/_haco, with ~/.zfunc in fpath.
_haco_containers() {
  local -a containers
  containers=(\${(f)"$(haco ps --quiet 2>/dev/null)"})
  compadd -a containers
}
_haco() {
  local -a commands
  commands=(
    ${names.join('\n    ')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local name=\${words[2]}
  shift words
  ((CURRENT--))
  case "$name" in
${commands.map(caseOf).join('\n')}
  esac
}
if [[ $funcstack[1] == _haco ]]; then _haco "$@"; else compdef _haco haco; fi
`;
}
