/** How a request ended. */
export type End =
  /** The answer is complete. */
  | 'complete'
  /** An upgraded connection has ended. */
  | 'tunnel'
  /** The route answered by itself: a redirect, a fixed text. */
  | 'route'
  | 'no-route'
  /** Refused by us for what it was: 400, 413, 431 and others. */
  | 'bad-request'
  /** The client was too slow. */
  | 'client-timeout'
  /** The client went away. */
  | 'client-gone'
  /** No endpoint could take it. */
  | 'no-endpoint'
  /** Every place was taken, and so was the queue, or it waited too long. */
  | 'turned-away'
  | 'endpoint-failed'
  | 'endpoint-timeout'
  /** The endpoint failed amid the answer; the client's connection was cut. */
  | 'answer-cut';

/** One request for the access log; an object is used again for the next one. */
export interface AccessRecord {
  /** Milliseconds since 1970. */
  startedAt: number;
  durationMs: number;
  /** From the request sent to the first byte of the answer; −1: none came. */
  firstByteMs: number;
  listener: string;
  /** Empty where there is none. */
  route: string;
  pool: string;
  endpoint: string;
  clientIp: string;
  method: string;
  host: string;
  path: string;
  /** Behind the question mark. */
  query: string;
  status: number;
  /** Of the bodies. */
  bytesIn: number;
  bytesOut: number;
  /** Further tries. */
  retries: number;
  requestId: string;
  end: End;
  /** In the order of `headers` of the options; empty where the request had none. */
  readonly headers: string[];
}

export function createRecord(listener: string, headers: number): AccessRecord {
  return {
    ...{ startedAt: 0, durationMs: 0, firstByteMs: -1, listener, route: '', pool: '', endpoint: '' },
    ...{ clientIp: '', method: '', host: '', path: '', query: '', status: 0, bytesIn: 0, bytesOut: 0, retries: 0 },
    ...{ requestId: '', end: 'complete', headers: new Array<string>(headers).fill('') },
  };
}
