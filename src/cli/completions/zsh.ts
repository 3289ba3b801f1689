import type { Command, Words } from '../command.ts';
import type { Option, RunningNames } from '../options.ts';
import { optionsOf, quote, spellings } from './quote.ts';

/** For zsh 5; to be sourced, or as the file `_equipoise` in `fpath`. */
export function zshCompletion(commands: readonly Command[]): string {
  return `#compdef equipoise
# Completion of equipoise for zsh, made by "equipoise completions zsh".
_equipoise_names() {
  local -a names
  names=(\${(f)"$("$program" completions --names $1 -- \${(Q)words[1,CURRENT-1]} 2>/dev/null </dev/null)"})
  compadd -a names
}
_equipoise() {
  local program=\${words[1]/#\\~\\//$HOME/}
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    _arguments '--help[more about it]' '--version[of this program]'
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${commands.map(caseOf).join('\n')}
  esac
}
if [[ $funcstack[1] == _equipoise ]]; then _equipoise "$@"; else compdef _equipoise equipoise; fi
`;
}

function caseOf(command: Command): string {
  const specs = optionsOf(command).flatMap(([name, option]) =>
    spellings(name, option).map((each) => specOf(each, option)),
  );
  const { parameters, words } = command;
  const last = parameters === '' ? [] : [quote(`*:${parameters.replaceAll(':', '\\:')}:${wordsOf(words)}`)];
  return `    ${command.name})\n      _arguments ${[...specs, ...last].join(' \\\n        ')}\n      ;;`;
}

function specOf(spelling: string, { type, multiple, values, summary }: Option): string {
  const repeated = multiple === true ? '*' : '';
  const text = `${repeated}${spelling}[${summary.replaceAll(/[\\[\]:]/g, '\\$&')}]`;
  if (type === 'boolean') return quote(text);
  return quote(`${text}:value:${offer(values)}`);
}

function offer(values: Option['values']): string {
  if (values === undefined) return ' ';
  if (values === 'file') return '_files';
  return 'running' in values ? askFor(values) : `(${values.join(' ')})`;
}

/** The blank in front keeps `_arguments` from adding words of its own. */
const askFor = ({ running }: RunningNames): string => ` _equipoise_names ${running}`;

/** Words that cannot be known are told to be there: else what follows them would not be completed. */
function wordsOf(words: Words | undefined): string {
  if (words === undefined) return ' ';
  if ('running' in words) return askFor(words);
  if ('oneOf' in words) return `(${words.oneOf.join(' ')})`;
  // A lone end in parentheses would be read as a qualifier.
  const [only, ...others] = words.files;
  return `_files -g "*.${others.length === 0 ? only : `(${words.files.join('|')})`}"`;
}
