/** For bash: one function, which looks at the command and at the word before. @see bash(1), "Programmable Completion" */
import type { CompletedCommand, CompletedOption } from './script.js';

const generators = {
  file: 'compgen -f -- "$word"',
  directory: 'compgen -d -- "$word"',
  command: 'compgen -c -- "$word"',
  signal: 'compgen -A signal -- "$word"',
  container: 'compgen -W "$(haco ps --quiet 2>/dev/null)" -- "$word"',
  none: ':',
} as const;

function generate(value: NonNullable<CompletedOption['value']>): string {
  return typeof value === 'string' ? generators[value] : `compgen -W "${value.join(' ')}" -- "$word"`;
}

function caseOf({ names, options, operands }: CompletedCommand): string {
  const words = options.map(({ name }) => `--${name}`).join(' ');
  const values = options.flatMap(({ name, short, value }) =>
    value === undefined
      ? []
      : [`        --${name}${short === undefined ? '' : ` | -${short}`}) list=$(${generate(value)}) ;;`],
  );
  return [
    `    ${names.join(' | ')})`,
    '      case "$before" in',
    ...values,
    '        *)',
    `          if [[ $word == -* ]]; then list=$(compgen -W "${words}" -- "$word"); else list=$(${generators[operands]}); fi ;;`,
    '      esac ;;',
  ].join('\n');
}

/** The script. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap((command) => command.names).join(' ');
  return `# Completion of haco for bash: source <(haco completion bash)
_haco() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} list= i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "${names} help" -- "$word")
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      mapfile -t COMPREPLY < <(compgen -c -- "$word")
      return
    fi
  done
  case "\${COMP_WORDS[1]}" in
${commands.map(caseOf).join('\n')}
    help) list=$(compgen -W "${names}" -- "$word") ;;
  esac
  [[ -z $list ]] || mapfile -t COMPREPLY <<<"$list"
}
complete -o filenames -F _haco haco
`;
}
