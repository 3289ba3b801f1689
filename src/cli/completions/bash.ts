import type { Command, Words } from '../command.ts';
import type { Option } from '../options.ts';
import { optionsOf, quote, spellings } from './quote.ts';

/** For bash 3.2 (macOS) and newer; needs nothing of the package bash-completion. */
export function bashCompletion(commands: readonly Command[]): string {
  return `# Completion of equipoise for bash, made by "equipoise completions bash".
_equipoise_names() {
  # Whole words, which COMP_WORDS has taken apart at each colon.
  local line=\${COMP_LINE:0:COMP_POINT} IFS=$' \\t\\n' stops='' stop want before name typed
  want=\${line##*[[:blank:]]}
  read -ra typed <<< "\${line%"$want"}"
  typed=("\${typed[@]//[\\"\\'\\\\]/}")
  case "$want" in --*=*) want=\${want#*=} ;; esac
  # What stands before the last of these stays as it is.
  for stop in = @ :; do case "$COMP_WORDBREAKS" in *$stop*) stops=$stops$stop ;; esac; done
  before=\${want%"\${want##*[$stops]}"}
  # Not by compgen -W, which would run what is in a name.
  while IFS= read -r name; do
    printf -v name %q "$name"
    case "$name" in "$want"*) COMPREPLY+=("\${name#"$before"}") ;; esac
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" completions --names "$1" -- "\${typed[@]:1}" 2>/dev/null </dev/null)
}
_equipoise() {
  local IFS=$'\\n'
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} options='' words='' names='' files=no end
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
  if [ -n "$names" ]; then _equipoise_names "$names"; return; fi
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
  if (values === 'file') return "files=any options=''";
  return `${'running' in values ? `names=${values.running}` : `words=${lines(values)}`} files=no options=''`;
}

function wordsOf(words: Words | undefined): string[] {
  if (words === undefined) return [];
  if ('running' in words) return [`names=${words.running}`];
  return 'oneOf' in words ? [`words=${lines(words.oneOf)}`] : [`files=${lines(words.files)}`];
}

/** A word for each line, as `IFS` has it. */
const lines = (words: readonly string[]): string => `$${quote(words.join('\\n'))}`;
