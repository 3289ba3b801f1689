import type { z } from 'zod';
import { type Answer, json, problem } from './answer.ts';
import { JSON_TYPES, readJson } from './body.ts';
import { Explained, ExplainRequest } from './explain-wire.ts';
import { type Call, type Operation, serverOf } from './operation.ts';
import { describePools } from './pool-state.ts';
import type { PoolWire } from './wire.ts';

export const explainOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: '/api/v1/explain',
    scope: 'read',
    summary: 'Where a request would go, and why; nothing is sent',
    takes: { types: JSON_TYPES, schema: ExplainRequest },
    gives: {
      status: 200,
      types: JSON_TYPES,
      schema: Explained,
      description: 'By the picker of one worker, which would take the same for the next such request.',
    },
    problems: [400, 404, 413, 415, 503],
    run: explain,
  },
];

async function explain(call: Call): Promise<Answer> {
  const server = serverOf(call);
  if ('refusal' in server) return server.refusal;
  const body = await readJson<z.output<typeof ExplainRequest>>(call.request, ExplainRequest);
  if ('refusal' in body) return body.refusal;
  const explained = await server.explain(body.value);
  if ('problem' in explained) return problem(404, explained.problem, { fix: explained.fix });
  const { pool, pick } = explained;
  if (pool === undefined || pick === undefined) return json(200, explained);
  const [state] = await describePools(server, call.deps.now, pool);
  const endpoints = pick.endpoints.map((each) => ({ ...each, reasons: withDetails(each, state) }));
  return json(200, { ...explained, pick: { ...pick, endpoints } });
}

/** Why nobody gets it is known best where checks and people are heard. */
function withDetails(
  { id, eligible, reasons }: { readonly id: string; readonly eligible: boolean; readonly reasons: readonly string[] },
  pool: PoolWire | undefined,
): readonly string[] {
  const known = pool?.endpoints.find((each) => each.id === id);
  return eligible || known === undefined || known.reasons.length === 0 ? reasons : known.reasons;
}
