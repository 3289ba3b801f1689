/** How a request ended, or a connection that does not speak HTTP. */
export type End =
  /** The answer is complete; a connection: both sides have ended it. */
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
  | 'answer-cut'
  /** A connection: nothing moved for too long. */
  | 'idle'
  /** A connection: ended by us, since its endpoint leaves, or the program; a request: cut since the program ends. */
  | 'evicted';

/** How far a request had come when it ended: what was waited for. */
export type Stage = 'request' | 'queue' | 'connection' | 'answer' | 'data';

/** What ended a request, where `End` does not tell it apart. */
export type Fault =
  | 'none'
  /** What the endpoint answered is no HTTP. */
  | 'garbage'
  /** No descriptor was left for a connection to an endpoint. */
  | 'descriptors'
  /** The endpoint was too slow. */
  | 'timeout'
  /** The client ended amid its body. */
  | 'half-closed';

/** What was open or under way when something ended, it left out where it is not said otherwise. Only for formats that ask. */
export interface Company {
  /** Connections of clients, its own among them: of the program, of the listener. */
  programConnections: number;
  listenerConnections: number;
  /** Of the pool: with those that wait in this worker; of the endpoint. */
  poolRequests: number;
  endpointRequests: number;
}

/** What is said of requests and of connections alike. */
export interface Happening extends Company {
  /** Milliseconds since 1970. */
  startedAt: number;
  durationMs: number;
  /** Empty where there is none. */
  pool: string;
  endpoint: string;
  clientIp: string;
  /** 0: unknown. For requests, only for formats that ask. */
  clientPort: number;
  /** Of the bodies; of a connection everything. */
  bytesIn: number;
  bytesOut: number;
  /** Further tries that were made. */
  retries: number;
  /** It waited for a place at an endpoint; −1: it did not have to. */
  queueMs: number;
  /** Its place in the line, from 1; those of several waits together. 0: it did not wait. */
  queuePlace: number;
  /** Until the endpoint's connection was open, without the wait for a place; −1: it never was. */
  connectMs: number;
  end: End;
  /** Of its span; both empty where it is not traced. */
  traceId: string;
  spanId: string;
}

/** One request for the access log; an object is used again for the next one. What it said lies in `bytes` as it came. */
export interface RequestRecord extends Happening {
  /** From the request sent to the first byte of the answer; −1: none came. */
  firstByteMs: number;
  /** From its first byte to the end of its head; −1: that never came. */
  headMs: number;
  /** From the connection to the end of the answer's head; −1: that never came. Only for formats that ask. */
  answerMs: number;
  /** Of the answer as it went out, with heads and framing. */
  sentBytes: number;
  /** Only for formats that ask. */
  stage: Stage;
  fault: Fault;
  isHttp10: boolean;
  route: string;
  status: number;
  bytes: Uint8Array;
  /** Each from its start up to its end; empty where there is none. */
  methodStart: number;
  methodEnd: number;
  /** Without a port. */
  hostStart: number;
  hostEnd: number;
  pathStart: number;
  pathEnd: number;
  /** Behind the question mark. */
  queryStart: number;
  queryEnd: number;
  requestIdStart: number;
  requestIdEnd: number;
  /** Made by us; empty: it is in the bytes, or nowhere. */
  requestId: string;
  /** Start and end of each value, in the order of `headers` of the options. */
  readonly headers: Int32Array;
}

/** One connection that does not speak HTTP. */
export type ConnectionRecord = Happening;

const ALONE: Company = { programConnections: 0, listenerConnections: 0, poolRequests: 0, endpointRequests: 0 };
const UNTRACED = { traceId: '', spanId: '' };
const NO_BYTES = new Uint8Array(0);

/** `headers`: how many are logged. */
export function createRequestRecord(headers: number): RequestRecord {
  return {
    ...{ startedAt: 0, durationMs: 0, firstByteMs: -1, route: '', pool: '', endpoint: '', clientIp: '', status: 0 },
    ...{ bytesIn: 0, bytesOut: 0, retries: 0, end: 'complete', requestId: '', headers: new Int32Array(2 * headers) },
    ...{ bytes: NO_BYTES, methodStart: 0, methodEnd: 0, hostStart: 0, hostEnd: 0, pathStart: 0, pathEnd: 0 },
    ...{ queryStart: 0, queryEnd: 0, requestIdStart: 0, requestIdEnd: 0, clientPort: 0, queueMs: -1, queuePlace: 0 },
    ...{ connectMs: -1, headMs: -1, answerMs: -1, sentBytes: 0, stage: 'request', fault: 'none', isHttp10: false },
    ...{ ...ALONE, ...UNTRACED },
  };
}

export function createConnectionRecord(clientIp: string, clientPort: number, pool: string): ConnectionRecord {
  return {
    ...{ startedAt: 0, durationMs: 0, pool, endpoint: '', clientIp, clientPort, queueMs: -1, connectMs: -1 },
    ...{ bytesIn: 0, bytesOut: 0, retries: 0, end: 'complete', queuePlace: 0, ...ALONE, ...UNTRACED },
  };
}
