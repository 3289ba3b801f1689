import type { AdminOptions } from '../config/config.ts';
import { effectiveConfig, effectiveInput } from '../config/effective.ts';
import { type ConfigResult, type LoadOptions, loadConfigText, parseConfig } from '../config/load.ts';
import { type ConfigProblem, formatPath, type Path } from '../config/problem.ts';
import { hiddenIn, withSecretsOf } from '../config/secrets.ts';
import { readYaml } from '../config/source.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { RunningServer } from '../server/server.ts';
import { type Answer, json, type ProblemItem, problem, type WholeAnswer } from './answer.ts';
import { invalid, readText } from './body.ts';
import { audit, type Call, type Operation, serverOf } from './operation.ts';
import { ConfigApplied } from './wire.ts';

const YAML_TYPE = 'application/yaml';
/** YAML 1.2 reads JSON as well. */
const CONFIG_TYPES: readonly string[] = [
  YAML_TYPE,
  'application/json',
  'text/yaml',
  'application/x-yaml',
  'text/x-yaml',
];

export const configOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/config',
    scope: 'read',
    summary: 'The configuration in force, with every default filled in and secrets hidden',
    gives: {
      status: 200,
      types: ['application/json', YAML_TYPE],
      schema: 'configuration',
      description: 'By Accept; PUT takes it back, and keeps secrets that are hidden.',
    },
    problems: [406, 503],
    run: showConfig,
  },
  {
    method: 'PUT',
    path: '/api/v1/config',
    scope: 'operate',
    summary: 'Replace the configuration without a trace; the file is not written',
    takes: { types: CONFIG_TYPES, schema: 'configuration' },
    gives: {
      status: 200,
      types: ['application/json'],
      schema: ConfigApplied,
      description: 'Every worker has applied it.',
    },
    problems: [400, 409, 413, 415, 503],
    run: replaceConfig,
  },
];

function showConfig(call: Call): Answer {
  const server = serverOf(call);
  if ('refusal' in server) return server.refusal;
  const input = effectiveInput(server.config);
  switch (wantedType(call.request.headers.accept)) {
    case 'json':
      return json(200, input);
    case 'yaml':
      // Nothing is marked as a default: all of it is in force.
      return { status: 200, type: YAML_TYPE, body: effectiveConfig(server.config, input) };
    default:
      return problem(406, 'there are application/json and application/yaml', { fix: 'accept one of them' });
  }
}

/** The first of the types that can be given, whatever their weights. */
function wantedType(accept = '*/*'): 'json' | 'yaml' | undefined {
  for (const each of accept.split(',')) {
    const type = each.split(';', 1)[0]!.trim().toLowerCase();
    if (type === '*/*' || type === 'application/*' || type === 'application/json') return 'json';
    if (CONFIG_TYPES.includes(type)) return 'yaml';
  }
  return undefined;
}

async function replaceConfig(call: Call): Promise<Answer> {
  const server = serverOf(call, true);
  if ('refusal' in server) return server.refusal;
  const body = await readText(call.request, CONFIG_TYPES);
  if ('refusal' in body) return body.refusal;
  const result = await readConfig(body.value, call, server);
  if ('refusal' in result) return result.refusal;
  if (!result.ok) {
    tellRefused(call, 'it has mistakes');
    return invalid(result.problems.map(toItem));
  }
  const config = withSecretsOf(result.config, server.config);
  const hidden = hiddenIn(config);
  if (hidden.length > 0) {
    tellRefused(call, 'a secret in it is hidden');
    return invalid(hidden.map(toUnknownSecret));
  }
  try {
    const { changes, needsRestart } = await server.reload(config);
    audit(call, `configuration replaced: ${changes.length === 0 ? 'no changes' : changes.join('; ')}`);
    return json(200, { changes, needsRestart, warnings: result.warnings.map(toItem) });
  } catch (error) {
    if (!(error instanceof EquipoiseError)) throw error;
    const status = error.code === 'config-invalid' ? 400 : 409;
    tellRefused(call, error.message);
    return problem(status, `nothing was changed: ${error.message}`);
  }
}

/** As of a file that was refused. */
function tellRefused({ deps }: Call, reason: string): void {
  deps.events.emit({ at: deps.wallClock(), kind: 'reload-refused', reason });
}

/**
 * Reads it as a file at the place of the configuration's. Without a token whoever runs a program on this machine may ask;
 * so the configuration may then name nothing that only this process can read or would run for them: the environment,
 * files of secrets, and modules that are not in force already.
 */
async function readConfig(
  text: string,
  { deps, options }: Call,
  server: RunningServer,
): Promise<ConfigResult | { readonly refusal: WholeAnswer }> {
  const { configFile: file, env } = deps;
  if (isTrusted(options)) return loadConfigText(text, { file, env });
  if (hasSubstitution(readYaml(text).value)) {
    const fix = 'write what it stands for, set admin.token, or change the file and reload';
    return { refusal: problem(403, 'without a token neither the environment nor files are read', { fix }) };
  }
  const parsed = parseConfig(text, { file, ...NOTHING_OF_OURS });
  if (!parsed.ok) return parsed;
  const known = modulesOf(server.config);
  const strange = [...modulesOf(parsed.config)].find((each) => !known.has(each));
  if (strange === undefined) return loadConfigText(text, { file, ...NOTHING_OF_OURS });
  const fix = 'set admin.token, or name it in the file and restart';
  return { refusal: problem(403, `without a token no new module is run: ${strange}`, { fix }) };
}

/** A unix socket is guarded by its directory and mode. */
const isTrusted = ({ token, bind }: AdminOptions): boolean => token !== undefined || bind.kind === 'unix';

const NOTHING_OF_OURS: LoadOptions = {
  env: {},
  readFile: () => {
    throw new Error('files are not read for whoever has no token; set admin.token');
  },
};

const hasSubstitution = (value: unknown): boolean =>
  typeof value === 'string'
    ? /(^|[^$])\$\{/.test(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(hasSubstitution);

/** Functions of the user's that a configuration names, wherever. */
function modulesOf(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, each] of Object.entries(value)) {
    if (key === 'module' && typeof each === 'string') found.add(each);
    else modulesOf(each, found);
  }
  return found;
}

const toUnknownSecret = (path: Path): ProblemItem => ({
  path: formatPath(path),
  message: 'is hidden, and what it stands for is not known here',
  fix: 'write the secret',
});

function toItem({ file: _, ...rest }: ConfigProblem): ProblemItem {
  return rest;
}
