import { resolve } from 'node:path';
import type { ExplainedWire, ExplainRequestWire } from '../admin/explain-wire.ts';
import { ExplainRequest } from '../admin/explain-wire.ts';
import { parseBySchema } from '../config/issues.ts';
import { loadConfig } from '../config/load.ts';
import { formatPath } from '../config/problem.ts';
import { createRng } from '../core/kernel/rng.ts';
import { explainConfig } from '../server/explain-config.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { describeExplanation } from './explain/describe.ts';
import { type CliIo, exitCodes } from './io.ts';
import { callAdmin, readTarget } from './operations/admin-client.ts';
import { adminOptions } from './operations/operation-arguments.ts';
import { type Options, usageText } from './options.ts';
import { printProblems } from './problems.ts';
import { createSystem } from './system.ts';

export const explainOptions = {
  header: { type: 'string', short: 'H', multiple: true, summary: 'a header field of the request; may be repeated' },
  from: { type: 'string', summary: 'the address that it comes from (default 127.0.0.1)' },
  listener: {
    type: 'string',
    values: { running: 'listener' },
    summary: 'which listener is meant (default: the one at the port of the URL; without a port the first)',
  },
  ...adminOptions,
  admin: { type: 'string', summary: 'asks the running program whose admin server listens there' },
  seed: { type: 'string', summary: 'with a configuration: another course of chance (default 1)' },
} as const satisfies Options;

const explainUsage = usageText(
  `usage: equipoise explain <config> '[<method>] <url>' [-H 'name: value']… [--from IP] [--json]
       equipoise explain --admin URL '[<method>] <url>' …

Says where a request would go, and why: the listener, the route that matches and why earlier ones don't, what speaks for and
against each endpoint, the pick. Nothing is sent. By a configuration alone nothing is in flight, learned or checked; a
running program is asked for the endpoint that the next such request gets.`,
  explainOptions,
);

type Outcome = { readonly explained: ExplainedWire } | { readonly failed: string } | { readonly usage: string };

/** `equipoise explain`: 0 somebody would answer, 1 the request or its configuration is wrong, 2 wrong usage. */
export async function explain(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, explainOptions, explainUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { values, targets } = parsed;
  const words = values.admin === undefined ? targets.slice(1) : targets;
  if (words.length !== 1) {
    const missing = words.length === 0 ? 'which request?' : `one request at a time, not also "${words[1]}"`;
    return wrongUsage(`explain: ${missing}`, explainUsage, io);
  }
  const request = readRequest(words[0]!, values);
  if (typeof request === 'string') return wrongUsage(`explain: ${request}`, explainUsage, io);
  const outcome =
    values.admin === undefined
      ? await explainFile(targets[0]!, request, values.seed, io)
      : await explainRunning(values.admin, values.token ?? io.env['EQUIPOISE_TOKEN'], request);
  if ('usage' in outcome) return wrongUsage(`explain: ${outcome.usage}`, explainUsage, io);
  if ('failed' in outcome) {
    if (outcome.failed !== '') io.stderr(`equipoise: explain: ${outcome.failed}\n`);
    return exitCodes.failed;
  }
  const { explained } = outcome;
  io.stdout(values.json === true ? `${JSON.stringify(explained, null, 2)}\n` : describeExplanation(explained));
  return exitCodes.done;
}

interface Given {
  readonly header?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly listener?: string | undefined;
}

/** A text says what is wrong. */
function readRequest(words: string, { header = [], from, listener }: Given): ExplainRequestWire | string {
  const [method, url] = / /.test(words.trim()) ? words.trim().split(/ +/, 2) : [undefined, words.trim()];
  const headers: Record<string, string> = {};
  for (const each of header) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(each) ?? [];
    if (name === undefined) return `"${each}" is no header; write -H 'name: value'`;
    headers[name] = headers[name] === undefined ? value! : `${headers[name]}, ${value}`;
  }
  const request = {
    ...(method !== undefined && { method }),
    url: url!,
    ...(header.length > 0 && { headers }),
    ...(from !== undefined && { from }),
    ...(listener !== undefined && { listener }),
  };
  const [finding] = parseBySchema(ExplainRequest, request).findings;
  if (finding === undefined) return request;
  const { path, message, fix } = finding;
  return `${formatPath(path)}: ${message}${fix === undefined ? '' : `; ${fix}`}`;
}

async function explainFile(
  file: string,
  request: ExplainRequestWire,
  seed: string | undefined,
  io: CliIo,
): Promise<Outcome> {
  if (seed !== undefined && !/^\d{1,10}$/.test(seed)) return { usage: `--seed ${seed}: a number is wanted` };
  const result = await loadConfig(resolve(io.cwd, file), { env: io.env });
  if (!result.ok) {
    const problems = result.problems.map((each) => ({ ...each, file }));
    printProblems(problems, io);
    return { failed: '' };
  }
  const system = createSystem();
  try {
    const deps = { ...system.deps, rng: createRng(Number(seed ?? 1)) };
    return understood(await explainConfig(result.config, ExplainRequest.parse(request), deps));
  } finally {
    system.close();
  }
}

async function explainRunning(admin: string, token: string | undefined, body: ExplainRequestWire): Promise<Outcome> {
  const target = readTarget(admin, token);
  if (typeof target === 'string') return { usage: `--admin ${target}` };
  const reply = await callAdmin<ExplainedWire>(target, 'POST', '/api/v1/explain', body);
  return reply.ok ? { explained: reply.value } : { failed: reply.message };
}

function understood(result: Awaited<ReturnType<typeof explainConfig>>): Outcome {
  if ('problem' in result) return { failed: `${result.problem}; ${result.fix}` };
  // Plain data, as the admin API would send it.
  return { explained: JSON.parse(JSON.stringify(result)) as ExplainedWire };
}
