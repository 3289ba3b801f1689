import { describe, expect, test } from 'vitest';
import { type ClientRecord, type Evidence, judge, type Note } from './judge.ts';

const [A, B] = [3001, 3002];
const FOREVER = Number.POSITIVE_INFINITY;

/** Endpoint A was out from 1000 to 2000, while B was well; the request was under way from 900 to 1100. */
function evidence(request: Partial<ClientRecord>, more: Partial<Evidence> & { noted?: Note[] } = {}): Evidence {
  const base = { id: 7, method: 'GET', outcome: 'status', status: 502, answeredBy: 0 } as const;
  const { noted = [], ...rest } = more;
  return {
    requests: [{ ...base, connectedAtMs: 0, sentAtMs: 900, endedAtMs: 1100, ...request }],
    notes: new Map(noted.length > 0 ? [[7, noted]] : []),
    outages: new Map([
      [A, [{ fromMs: 1000, toMs: 2000 }]],
      [B, []],
    ]),
    sentTo: new Map(),
    noticeMs: { down: 500, up: 500 },
    disruptions: [],
    ...rest,
  };
}

const note = (port: number, ...what: Note['what'][]): Note[] => what.map((each) => ({ port, what: each }));
const sent = (...ports: [port: number, atMs: number][]): Pick<Evidence, 'sentTo'> => ({
  sentTo: new Map([[7, new Map(ports)]]),
});
const killed = { kind: 'worker-death', fromMs: 1000, toMs: 1010 } as const;
const full = { kind: 'full', fromMs: 800, toMs: 1010 } as const;
const allOut = new Map([A, B].map((port) => [port, [{ fromMs: 1000, toMs: 2000 }]]));

describe('what could have been avoided', () => {
  test.each<{ why: string; given: Evidence; lost: number }>([
    { why: 'a GET that failed while another endpoint was well', given: evidence({}, sent([A, 950])), lost: 1 },
    { why: 'a POST of which no byte was sent', given: evidence({ method: 'POST' }), lost: 1 },
    {
      why: 'a POST that was with the endpoint when it failed',
      given: evidence({ method: 'POST' }, sent([A, 950])),
      lost: 0,
    },
    {
      why: 'a POST that an endpoint noted, which the wire did not see',
      given: evidence({ method: 'POST' }, { noted: note(A, 'head') }),
      lost: 0,
    },
    {
      why: 'a POST that was with an endpoint that was well',
      given: evidence({ method: 'POST' }, sent([B, 950])),
      lost: 1,
    },
    {
      why: 'a POST sent when checks had long found out',
      given: evidence({ method: 'POST', sentAtMs: 1600, endedAtMs: 1700 }, sent([A, 1600])),
      lost: 1,
    },
    {
      why: 'a POST that ended before the endpoint failed',
      given: evidence({ method: 'POST', endedAtMs: 990 }, sent([A, 950])),
      lost: 1,
    },
    {
      why: 'an answer of which the client had a part',
      given: evidence({ outcome: 'cut' }, { ...sent([A, 950]), noted: note(A, 'head', 'request', 'begun') }),
      lost: 0,
    },
    {
      why: 'an answer cut though its endpoint was well',
      given: evidence({ outcome: 'cut' }, { ...sent([B, 950]), noted: note(B, 'head', 'request', 'begun') }),
      lost: 1,
    },
    {
      why: 'an answer cut that the endpoint never began',
      given: evidence({ outcome: 'cut' }, { ...sent([A, 950]), noted: note(A, 'head') }),
      lost: 1,
    },
    { why: 'nobody could serve', given: evidence({}, { outages: allOut }), lost: 0 },
    {
      why: 'endpoints are back, and checks cannot know yet',
      given: evidence({ sentAtMs: 2300, endedAtMs: 2301 }, { outages: allOut }),
      lost: 0,
    },
    {
      why: 'endpoints have been back for long enough',
      given: evidence({ sentAtMs: 2600, endedAtMs: 2601 }, { outages: allOut }),
      lost: 1,
    },
    { why: 'its worker was killed', given: evidence({ outcome: 'closed' }, { disruptions: [killed] }), lost: 0 },
    {
      why: 'a connection made after the worker was killed',
      given: evidence({ outcome: 'closed', connectedAtMs: 1050, sentAtMs: 1060 }, { disruptions: [killed] }),
      lost: 1,
    },
    { why: 'an answer after its worker was killed', given: evidence({}, { disruptions: [killed] }), lost: 1 },
    {
      why: 'no descriptor for its connection',
      given: evidence({ connectedAtMs: 850 }, { disruptions: [full] }),
      lost: 0,
    },
    { why: 'refused', given: evidence({ outcome: 'refused' }, { disruptions: [full] }), lost: 0 },
    {
      why: 'a connection that was there before',
      given: evidence({ connectedAtMs: 700 }, { disruptions: [full] }),
      lost: 1,
    },
    { why: 'another request’s answer', given: evidence({ outcome: 'wrong' }, { outages: allOut }), lost: 1 },
    {
      why: 'without a witness, a POST that nobody noted',
      given: evidence({ method: 'POST' }, { sentTo: undefined }),
      lost: 0,
    },
    {
      why: 'without a witness, a POST that a good endpoint noted',
      given: evidence({ method: 'POST' }, { sentTo: undefined, noted: note(B, 'head') }),
      lost: 1,
    },
  ])('$why: lost $lost', ({ given, lost }) => {
    expect(judge(given)).toMatchObject({ sent: 1, ok: 0, lost, unavoidable: 1 - lost });
  });

  test('an outage that has not ended lasts', () => {
    const outages = new Map([[A, [{ fromMs: 1000, toMs: FOREVER }]]]);
    expect(judge(evidence({ sentAtMs: 9000, endedAtMs: 9001 }, { outages })).unavoidable).toBe(1);
  });
});

describe('client and endpoints agree', () => {
  const ok = { outcome: 'ok', status: 200, answeredBy: B } as const;
  test.each<{ why: string; given: Evidence; says: string[] }>([
    { why: 'served once', given: evidence(ok, { noted: note(B, 'head', 'request', 'begun') }), says: [] },
    {
      why: 'a GET that two endpoints served',
      given: evidence(ok, { noted: [...note(A, 'request'), ...note(B, 'request', 'begun')] }),
      says: [],
    },
    {
      why: 'a POST that two endpoints served',
      given: evidence({ ...ok, method: 'POST' }, { noted: [...note(A, 'request'), ...note(B, 'request', 'begun')] }),
      says: ['POST 7 was served 2 times'],
    },
    {
      why: 'a POST that two endpoints were sent',
      given: evidence({ ...ok, method: 'POST' }, { ...sent([A, 950], [B, 960]), noted: note(B, 'request', 'begun') }),
      says: ['POST 7 was sent to 3001 after 50 ms, 3002 after 60 ms; ok 200 after 200 ms'],
    },
    {
      why: 'an answer from nowhere',
      given: evidence(ok, { noted: note(A, 'request', 'begun') }),
      says: ['GET 7 was answered, but 3002 did not get it', 'GET 7 was answered, but not by 3002'],
    },
    {
      why: 'a request that nobody sent',
      given: { ...evidence(ok, { noted: note(B, 'request', 'begun') }), requests: [] },
      says: ['endpoints got request 7, which no client sent'],
    },
  ])('$why', ({ given, says }) => {
    expect(judge(given).disagreements).toEqual(says);
  });
});
