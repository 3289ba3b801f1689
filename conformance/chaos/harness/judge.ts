/**
 * Which failures of a run no balancer could have hidden. Nothing here is a constant of the run: each request is judged
 * by its method, by where its bytes had gone, by what the client had of its answer, and by who could have served it.
 */

/** How one request went, seen by its client. */
export interface ClientRecord {
  readonly id: number;
  readonly method: 'GET' | 'POST';
  /** Times in ms since 1970. When its connection was opened. */
  readonly connectedAtMs: number;
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  /**
   * `status`: answered, with another status than 200. `cut`: the answer began and did not end. `closed`: no byte of an
   * answer came. `refused`: no connection. `late`: the client gave up. `wrong`: not the answer to this request.
   */
  readonly outcome: 'ok' | 'status' | 'cut' | 'closed' | 'refused' | 'late' | 'wrong';
  readonly status: number;
  /** Port of the endpoint that answered; 0 when none did. */
  readonly answeredBy: number;
}

/** When an endpoint could not serve. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one endpoint noted about one request. */
export interface Note {
  readonly port: number;
  readonly what: 'head' | 'request' | 'begun' | 'answered' | 'failed';
}

export interface Evidence {
  readonly requests: readonly ClientRecord[];
  readonly notes: ReadonlyMap<number, readonly Note[]>;
  readonly outages: ReadonlyMap<number, readonly Outage[]>;
  /** What went to which endpoint's port, and when; absent: the endpoints' notes alone say where bytes were. */
  readonly sentTo: ReadonlyMap<number, ReadonlyMap<number, number>> | undefined;
  /** Within which the balancer's checks find out, by its own configuration. */
  readonly noticeMs: { readonly down: number; readonly up: number };
  /** When the balancer itself could not keep, or take, connections. */
  readonly disruptions: readonly Disruption[];
}

/** `worker-death`: connections that were open died with their worker. `full`: no descriptor was left for new ones. */
export interface Disruption {
  readonly kind: 'worker-death' | 'full';
  readonly fromMs: number;
  readonly toMs: number;
}

const DISRUPTED = { 'worker-death': 'its worker was killed', full: 'no descriptor was left for its connection' };

export interface Finding {
  readonly request: ClientRecord;
  readonly avoidable: boolean;
  readonly why: string;
}

export interface Judgement {
  readonly sent: number;
  readonly ok: number;
  /** Every request that failed, in words. */
  readonly findings: readonly Finding[];
  readonly unavoidable: number;
  /** Failed, though it could have been served. */
  readonly lost: number;
  /** What client and endpoints disagree about, and what must not happen at all. Empty when all is well. */
  readonly disagreements: readonly string[];
}

export function judge(evidence: Evidence): Judgement {
  const failed = evidence.requests.filter(({ outcome }) => outcome !== 'ok');
  const findings = failed.map((request) => judgeFailure(evidence, request));
  const lost = findings.filter(({ avoidable }) => avoidable).length;
  return {
    sent: evidence.requests.length,
    ok: evidence.requests.length - failed.length,
    findings,
    unavoidable: findings.length - lost,
    lost,
    disagreements: [...disagreements(evidence)],
  };
}

function judgeFailure(evidence: Evidence, request: ClientRecord): Finding {
  const found = (avoidable: boolean, why: string): Finding => ({ request, avoidable, why });
  const { outcome } = request;
  if (outcome === 'wrong') return found(true, 'not the answer to this request');
  const disruption = evidence.disruptions.find((each) => hit(each, request));
  if (disruption !== undefined) return found(false, DISRUPTED[disruption.kind]);
  if (!someoneAble(evidence, request.endedAtMs)) return found(false, 'no endpoint could serve');
  const failing = failingEndpoints(evidence, request);
  if (outcome === 'cut') {
    const began = failing.some(({ port }) => noted(evidence, request.id, port, 'begun'));
    return began
      ? found(false, 'the client had bytes of the answer')
      : found(true, 'cut, though no endpoint had failed');
  }
  if (request.method === 'GET') return found(true, 'may be repeated, and another endpoint could serve');
  if (failing.length === 0) return found(true, 'no byte of it was with an endpoint that failed');
  if (failing.every(({ isKnown }) => isKnown)) return found(true, 'sent to an endpoint that was known to be bad');
  return found(false, 'must not be repeated, and was with the endpoint that failed');
}

function hit({ kind, fromMs, toMs }: Disruption, request: ClientRecord): boolean {
  const { connectedAtMs, sentAtMs, endedAtMs, outcome } = request;
  const madeAtMs = outcome === 'refused' ? sentAtMs : connectedAtMs;
  if (kind === 'full') return fromMs <= madeAtMs && madeAtMs <= toMs;
  return outcome !== 'status' && madeAtMs <= toMs && endedAtMs >= fromMs;
}

/** Whether some endpoint was well, and had been for long enough to be known to be. */
function someoneAble({ outages, noticeMs }: Evidence, atMs: number): boolean {
  return [...outages.values()].some((list) =>
    list.every(({ fromMs, toMs }) => atMs < fromMs || atMs > toMs + noticeMs.up),
  );
}

interface FailingEndpoint {
  readonly port: number;
  /** It had been bad for so long that checks knew. */
  readonly isKnown: boolean;
}

/** Endpoints that had bytes of the request and failed while they had them. */
function failingEndpoints(evidence: Evidence, request: ClientRecord): FailingEndpoint[] {
  const found: FailingEndpoint[] = [];
  for (const [port, outages] of evidence.outages) {
    const sentAtMs = sentToAt(evidence, request, port);
    if (sentAtMs === undefined) continue;
    const outage = outages.find(({ fromMs, toMs }) => fromMs <= request.endedAtMs && toMs >= sentAtMs);
    if (outage === undefined) continue;
    found.push({ port, isKnown: sentAtMs > outage.fromMs + evidence.noticeMs.down });
  }
  return found;
}

/** When the endpoint got bytes of it; undefined when it did not. */
function sentToAt({ sentTo, notes }: Evidence, request: ClientRecord, port: number): number | undefined {
  const seen = sentTo?.get(request.id)?.get(port);
  if (seen !== undefined) return seen;
  const list = notes.get(request.id) ?? [];
  if (list.some((note) => note.port === port)) return request.sentAtMs;
  // Without a witness, what nobody noted may have been with whoever failed.
  return sentTo === undefined && list.length === 0 ? request.sentAtMs : undefined;
}

function noted({ notes }: Evidence, id: number, port: number, what: Note['what']): boolean {
  return notes.get(id)?.some((note) => note.port === port && note.what === what) === true;
}

function* disagreements(evidence: Evidence): Generator<string> {
  const known = new Set(evidence.requests.map(({ id }) => id));
  for (const id of evidence.notes.keys()) if (!known.has(id)) yield `endpoints got request ${id}, which no client sent`;
  for (const request of evidence.requests) {
    const { id, method, outcome, answeredBy } = request;
    const list = evidence.notes.get(id) ?? [];
    const served = list.filter(({ what }) => what === 'request');
    if (method === 'POST' && served.length > 1) yield `POST ${id} was served ${served.length} times`;
    const sentTo = [...(evidence.sentTo?.get(id) ?? [])];
    if (method === 'POST' && sentTo.length > 1) {
      const times = sentTo.map(([port, atMs]) => `${port} after ${atMs - request.sentAtMs} ms`);
      yield `POST ${id} was sent to ${times.join(', ')}; ${outcome} ${request.status} after ${request.endedAtMs - request.sentAtMs} ms`;
    }
    if (outcome !== 'ok') continue;
    if (!served.some(({ port }) => port === answeredBy))
      yield `${method} ${id} was answered, but ${answeredBy} did not get it`;
    if (!noted(evidence, id, answeredBy, 'begun')) yield `${method} ${id} was answered, but not by ${answeredBy}`;
  }
}
