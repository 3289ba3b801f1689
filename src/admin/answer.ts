import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a page or an operation answers: a whole body, or a stream that goes on. */
export type Answer = WholeAnswer | StreamAnswer;

export interface WholeAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StreamAnswer {
  /** Writes the head and whatever follows. */
  readonly stream: (response: ServerResponse) => void;
}

/** RFC 9457, with what to do about it and, where several things are wrong, all of them. */
export interface ProblemExtras {
  readonly fix?: string | undefined;
  readonly problems?: readonly ProblemItem[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** One mistake in what was sent. */
export interface ProblemItem {
  /** `pools.a.endpoints[0].weight`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
  /** From 1; absent in JSON bodies of operations. */
  readonly line?: number;
  readonly column?: number;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): WholeAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n`, ...(headers && { headers }) };
}

export function problem(status: number, detail: string, { fix, problems, headers }: ProblemExtras = {}): WholeAnswer {
  const title = TITLES[status] ?? 'Error';
  const value = { type: 'about:blank', title, status, detail, ...(fix && { fix }), ...(problems && { problems }) };
  return { ...json(status, value, headers), type: 'application/problem+json' };
}

/** On every answer: nothing is cached, guessed at, framed, or read by pages of other sites. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if ('stream' in answer) {
    answer.stream(response);
    return;
  }
  const { status, type, body, headers } = answer;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...SAFE_HEADERS,
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
