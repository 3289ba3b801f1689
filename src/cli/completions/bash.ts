import type { Command, Words } from '../command.ts';
import type { Option } from '../options.ts';
import { optionsOf, quote, spellings } from './quote.ts';

/** For bash 3.2 (macOS) and newer; needs nothing of the package bash-completion. */
export function bashCompletion(commands: readonly Command[]): string {
  return `# Completion of equipoise for bash, made by "equipoise completions bash".
_equipoise() {
  local IFS=$'\\n'
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} options='' words='' files=no end
  COMPREPLY=()
  # bash takes --name=value apart.
  if [ "$cur" = '=' ]; then cur=''; elif [ "$prev" = '=' ]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${lines(['--help', '--version', ...commands.map(({ name }) => name)])} -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(caseOf).join('\n')}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$cur")); return ;;
  esac
  if [ "$files" = no ]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  compopt -o filenames 2>/dev/null
  if [ "$files" = any ]; then COMPREPLY=($(compgen -f -- "$cur")); return; fi
  COMPREPLY=($(compgen -d -- "$cur"; for end in $files; do compgen -f -X "!*.$end" -- "$cur"; done))
}
complete -F _equipoise equipoise
`;
}

function caseOf(command: Command): string {
  const options = optionsOf(command);
  const withValue = options.filter(([, { type }]) => type === 'string');
  const values = withValue.map(([name, option]) => `        ${spellings(name, option).join('|')}) ${offer(option)} ;;`);
  return [
    `    ${command.name})`,
    `      options=${lines(options.flatMap(([name, option]) => spellings(name, option)))}`,
    ...wordsOf(command.words).map((line) => `      ${line}`),
    ...(values.length === 0 ? [] : ['      case "$prev" in', ...values, '      esac']),
    '      ;;',
  ].join('\n');
}

/** What follows an option is no option. */
function offer({ values }: Option): string {
  if (values === undefined) return 'return';
  return values === 'file' ? "files=any options=''" : `words=${lines(values)} files=no options=''`;
}

function wordsOf(words: Words | undefined): string[] {
  if (words === undefined) return [];
  return 'oneOf' in words ? [`words=${lines(words.oneOf)}`] : [`files=${lines(words.files)}`];
}

/** A word for each line, as `IFS` has it. */
const lines = (words: readonly string[]): string => `$${quote(words.join('\\n'))}`;
