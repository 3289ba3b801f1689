import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { PoolOptions } from '../control/pool-options.ts';
import { hideSecretsIn } from '../core/kernel/url-secrets.ts';
import { type Config, ConfigFile, toConfig } from './config.ts';
import { importFunction, importModule, moduleFault, resolveModuleName } from './import-module.ts';
import { parseBySchema, type SchemaResult } from './issues.ts';
import { checkMeaning } from './meaning.ts';
import { withAbsolutePaths } from './policy-meaning.ts';
import { type ConfigProblem, type Finding, formatPath, type Path, sortProblems } from './problem.ts';
import { readYaml, type Source } from './source.ts';
import { pathKey, substitute } from './substitute.ts';

export interface LoadOptions {
  /** What `${NAME}` is looked up in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the configuration (unless it is a module) and `${file:…}`; throws where there is none. Default: the disk. */
  readonly readFile?: (path: string) => string;
}

export interface ParseOptions extends LoadOptions {
  /** Named in problems; `${file:…}` is relative to it. */
  readonly file: string;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly ConfigProblem[];
      /** What was written, after substitution; whatever else `config` has is a default. */
      readonly origin: unknown;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const moduleExtensions = ['.ts', '.mts', '.js', '.mjs'];

/**
 * Loads YAML or JSON, or a module (`.ts`, `.mts`, `.js`, `.mjs`) by its default export, anew when its content changed.
 * Every mistake is reported, as a value; never throws or rejects.
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<ConfigResult> {
  const { readFile = readText } = options;
  const isModule = moduleExtensions.includes(extname(path));
  try {
    const source = isModule ? { value: await importDefault(path), mistakes: [] } : readYaml(readFile(path));
    return await withFunctions(assess(source, { ...options, file: path }), source, path);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    const { message, ...fault } = isThere ? moduleFault(error as Error) : { message: 'there is no such file' };
    return { ok: false, problems: [{ file: path, path: '', message: `cannot be read: ${message}`, ...fault }] };
  }
}

/** The same for text that stands for the file `options.file`, as the admin API gets it. */
export function loadConfigText(text: string, options: ParseOptions): Promise<ConfigResult> {
  const source = readYaml(text);
  return withFunctions(assess(source, options), source, options.file);
}

/** Parses YAML or JSON text. Every mistake is reported, as a value; never throws. */
export function parseConfig(text: string, options: ParseOptions): ConfigResult {
  return assess(readYaml(text), options);
}

/** Takes a configuration that is a value already, as a module or `serve` makes it. Never throws. */
export function configFromValue(value: unknown, options: ParseOptions): ConfigResult {
  return assess({ value, mistakes: [] }, options);
}

/** What it was, or why functions that it names cannot be had. */
async function withFunctions(result: ConfigResult, source: Source, file: string): Promise<ConfigResult> {
  const problems: ConfigProblem[] = [];
  const pools = Object.entries(result.ok ? result.config.pools : {});
  for (const [name, key, module] of pools.flatMap(([name, pool]) => functionsOf(name, pool))) {
    const imported = await importFunction(module);
    if (imported.ok) continue;
    const { message, fix } = imported;
    const path = ['pools', name, key, 'module'];
    const finding: Finding = { path, message, on: 'value', certain: true, ...(fix !== undefined && { fix }) };
    problems.push(placeFinding(finding, source, file));
  }
  return problems.length === 0 ? result : { ok: false, problems };
}

/** The functions that a pool names, with the keys that name them. */
function functionsOf(name: string, { policy, cost }: PoolOptions): [pool: string, key: string, module: string][] {
  const named: [string, string, string][] = [];
  if ('module' in policy) named.push([name, 'policy', policy.module]);
  if (typeof cost === 'object') named.push([name, 'cost', cost.module]);
  return named;
}

function placeFinding({ path, message, fix, on }: Finding, source: Source, file: string): ConfigProblem {
  const position = source.locate?.(path, on);
  const said = { message: hideSecretsIn(message), ...(fix !== undefined && { fix: hideSecretsIn(fix) }) };
  return { file, ...position, path: formatPath(path), ...said };
}

function assess(source: Source, options: ParseOptions): ConfigResult {
  const { file } = options;
  const place = (finding: Finding) => placeFinding(finding, source, file);
  const { findings, warnings, config, origin } = judge(source, options);
  const found = findings.map((each) => ({ problem: place(each), certain: each.certain }));
  const problems = [...placeMistakes(source, file), ...withoutEchoes(found, source)];
  if (problems.length > 0 || config === undefined) return { ok: false, problems: sortProblems(problems) };
  return { ok: true, config, warnings: sortProblems(warnings.map(place)), origin };
}

function placeMistakes({ mistakes }: Source, file: string): ConfigProblem[] {
  return mistakes.map(({ line, column, message }) => ({ file, line, column, path: '', message }));
}

/** After a break in the syntax the parser guesses: only what stands before it, for sure, is reported. */
function withoutEchoes(found: { problem: ConfigProblem; certain: boolean }[], { mistakes }: Source): ConfigProblem[] {
  const breaks = mistakes.filter((each) => !each.contained).map((each) => each.line);
  const first = Math.min(...breaks);
  const kept = breaks.length === 0 ? found : found.filter((each) => each.certain && (each.problem.line ?? 0) < first);
  return kept.map((each) => each.problem);
}

interface Judgement {
  readonly findings: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly config?: Config;
  readonly origin: unknown;
}

function judge(source: Source, options: ParseOptions): Judgement {
  const { value, findings: unset, replaced } = substitute(source.value, options);
  if (value === undefined || value === null) return { findings: [...unset, emptyFile], warnings: [], origin: value };
  const result = parseRetyped(value, replaced);
  const meaning = checkMeaning(value, options.file);
  // What a substitution failed to bring is not judged a second time.
  const spoilt = new Set(unset.map((each) => pathKey(each.path)));
  const judged = [...result.findings, ...meaning.problems].filter((each) => !spoilt.has(pathKey(each.path)));
  const { file } = options;
  const config = result.value && { config: withAbsolutePaths(resolveModules(toConfig(result.value), file), file) };
  return { findings: [...unset, ...judged], warnings: meaning.warnings, ...config, origin: value };
}

/** Modules are named relative to the configuration's file. */
function resolveModules(config: Config, file: string): Config {
  const resolved = <T extends { readonly module: string }>(named: T): T => ({
    ...named,
    module: resolveModuleName(named.module, file),
  });
  const pools = Object.entries(config.pools).map(([name, pool]): [string, PoolOptions] => {
    const policy = 'module' in pool.policy ? resolved(pool.policy) : pool.policy;
    return [name, { ...pool, policy, ...(typeof pool.cost === 'object' && { cost: resolved(pool.cost) }) }];
  });
  return { ...config, pools: Object.fromEntries(pools) };
}

const emptyFile: Finding = { path: [], message: 'is empty', fix: 'it needs listeners', on: 'value', certain: false };

/** Parses; where a number was asked for and a substitution brought its text, converts that in place and parses again. */
function parseRetyped(value: unknown, replaced: ReadonlySet<string>): SchemaResult<Parameters<typeof toConfig>[0]> {
  const first = parseBySchema(ConfigFile, value);
  const texts = first.retypable.filter((path) => replaced.has(pathKey(path)));
  const converted = texts.filter((path) => convert(value, path));
  return converted.length === 0 ? first : parseBySchema(ConfigFile, value);
}

function convert(root: unknown, path: Path): boolean {
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((node, step) => (node as Record<string | number, unknown>)[step], root);
  const step = path.at(-1)!;
  const text = (holder as Record<string | number, unknown>)[step];
  const typed = typeof text === 'string' ? fromText(text) : undefined;
  if (typed === undefined) return false;
  (holder as Record<string | number, unknown>)[step] = typed;
  return true;
}

function fromText(text: string): number | boolean | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

async function importDefault(path: string): Promise<unknown> {
  const { default: value } = await importModule(path);
  if (value === undefined) throw new Error('the module has no default export');
  return value;
}

const readText = (path: string): string => readFileSync(path, 'utf8');
