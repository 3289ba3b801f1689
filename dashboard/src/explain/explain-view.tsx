import { useRef, useState } from 'preact/hooks';
import type { ExplainedWire, ExplainRequestWire } from '../../../src/admin/explain-wire.ts';
import { type ApiError, askJson } from '../data/api.ts';
import { count } from '../data/numbers.ts';
import type { OverviewWire } from '../data/store.ts';

/** Whether this balancer can explain: its own description of its API says so. */
export async function canExplain(): Promise<boolean> {
  try {
    const { paths } = await askJson<{ readonly paths: Record<string, unknown> }>('openapi.json');
    return Object.hasOwn(paths, '/api/v1/explain');
  } catch {
    return false;
  }
}

type Reply =
  | { readonly kind: 'none' }
  | { readonly kind: 'explained'; readonly explained: ExplainedWire }
  | { readonly kind: 'problem'; readonly message: string };

/** Asks where a request would go, and why. */
export function ExplainView({ overview }: { readonly overview: OverviewWire | undefined }) {
  const form = useRef<HTMLFormElement>(null);
  const [reply, setReply] = useState<Reply>({ kind: 'none' });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const body = JSON.stringify(requestOf(new FormData(form.current!)));
      setReply({ kind: 'explained', explained: await askJson('api/v1/explain', { method: 'POST', body }) });
    } catch (error) {
      const { message, problem } = error as ApiError;
      setReply({ kind: 'problem', message: problem?.fix === undefined ? message : `${message}; ${problem.fix}` });
    }
  };
  return (
    <section class="card" aria-labelledby="explain-title">
      <header class="card-head">
        <h2 id="explain-title">Where would this request go?</h2>
        <span class="note">Nothing is sent and nothing is counted.</span>
      </header>
      <form ref={form} class="explain-form" onSubmit={submit}>
        <p>
          <label for="explain-method">Method</label>
          <input id="explain-method" name="method" defaultValue="GET" required size={8} />
        </p>
        <p class="wide-field">
          <label for="explain-url">URL</label>
          <input id="explain-url" name="url" defaultValue={exampleUrl(overview)} required spellcheck={false} />
        </p>
        <p>
          <label for="explain-from">From</label>
          <input id="explain-from" name="from" placeholder="127.0.0.1" size={16} spellcheck={false} />
        </p>
        <p class="wide-field">
          <label for="explain-headers">Headers, one a line</label>
          <textarea id="explain-headers" name="headers" rows={2} placeholder="name: value" spellcheck={false} />
        </p>
        <button type="submit" class="primary">
          Explain
        </button>
      </form>
      <div role="status">
        {reply.kind === 'problem' && <p class="problem">✕ {reply.message}</p>}
        {reply.kind === 'explained' && <Explanation explained={reply.explained} />}
      </div>
    </section>
  );
}

function requestOf(form: FormData): ExplainRequestWire {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const lines = text('headers')
    .split('\n')
    .filter((line) => line.includes(':'));
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const from = text('from');
  return { method: text('method'), url: text('url'), headers, ...(from !== '' && { from }) };
}

/** One that the first listener would get. */
function exampleUrl(overview: OverviewWire | undefined): string {
  const { protocol = 'http', addresses = [] } = overview?.listeners[0] ?? {};
  return `${protocol === 'tcp' ? 'tcp' : 'http'}://${addresses[0] ?? '127.0.0.1:8080'}${protocol === 'tcp' ? '' : '/'}`;
}

function Explanation({ explained }: { readonly explained: ExplainedWire }) {
  const { pool, pick, refused, answer, route, routes } = explained;
  return (
    <div class="explanation">
      <p class="answer">{resultOf(explained)}</p>
      <dl class="rows">
        <Row name="listener" value={`${explained.listener}: ${explained.listenerReason}`} />
        <Row name="client" value={explained.clientIp} />
        {refused !== undefined && <Row name="refused" value={`${refused.status}: ${refused.reason}`} />}
        {answer?.location !== undefined && <Row name="location" value={answer.location} />}
        {explained.key !== undefined && <Row name="hash key" value={explained.key} />}
        {explained.cost !== undefined && <Row name="cost" value={`${explained.cost}`} />}
        {(pick?.notes ?? []).map((note) => (
          <Row key={note} name="pool" value={note} />
        ))}
      </dl>
      {routes.length > 0 && (
        <>
          <h3>Routes, in their order</h3>
          <ol>
            {routes.map((each) => (
              <li key={each.index}>
                {each.matches ? '●' : '○'} {each.name}{' '}
                <span class="detail">{each.index === route ? 'matches' : each.failed.map(failure).join('; ')}</span>
              </li>
            ))}
          </ol>
        </>
      )}
      {pick !== undefined && pool !== undefined && <Candidates pick={pick} pool={pool} />}
    </div>
  );
}

type Pick = NonNullable<ExplainedWire['pick']>;
type Failure = ExplainedWire['routes'][number]['failed'][number];

const failure = ({ condition, wanted, found }: Failure): string =>
  `${condition} is ${found}, not ${wanted.join(' or ')}`;

function Candidates({ pick, pool }: { readonly pick: Pick; readonly pool: string }) {
  const scores = [...new Set(pick.endpoints.flatMap((each) => Object.keys(each.policy)))];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroller" tabIndex={0} aria-label={`Endpoints of ${pool} as the policy sees them`}>
      <table class="candidates">
        <thead>
          <tr>
            <th scope="col">Endpoint of {pool}</th>
            <th scope="col">Could it serve?</th>
            <th scope="col" class="number">
              Weight
            </th>
            <th scope="col" class="number">
              In flight
            </th>
            {scores.map((name) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pick.endpoints.map((each) => (
            <tr key={each.id} class={each.id === pick.endpoint ? 'chosen' : ''}>
              <th scope="row">
                {each.id === pick.endpoint ? '► ' : ''}
                {each.id}
              </th>
              <td>{each.reasons.length === 0 ? 'yes' : each.reasons.join('; ')}</td>
              <td class="number">{each.effectiveWeight}</td>
              <td class="number">{count(each.inFlight)}</td>
              {scores.map((name) => (
                <td key={name} class="number">
                  {score(each.policy[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const score = (value: number | string | undefined): string =>
  value === undefined ? '–' : typeof value === 'number' ? `${Number(value.toPrecision(4))}` : value;

const Row = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function resultOf({ refused, answer, pool, pick, route }: ExplainedWire): string {
  if (refused !== undefined) return `The listener answers ${refused.status}.`;
  if (answer !== undefined) return `The balancer answers ${answer.status} itself.`;
  if (pool === undefined) return route === undefined ? 'No route matches: 404.' : 'It goes to no pool.';
  if (pick?.endpoint !== undefined) return `It goes to ${pick.endpoint} in ${pool}.`;
  return `Nobody in ${pool} can get it: ${(pick?.none ?? 'unknown').replaceAll('-', ' ')}.`;
}
