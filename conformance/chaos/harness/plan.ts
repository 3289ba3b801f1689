/**
 * What a request of the load looks like. Everything follows from its number, so that client, endpoints and judge agree
 * without a word, and a run can be repeated.
 */
export interface PlannedRequest {
  readonly id: number;
  readonly method: 'GET' | 'POST';
  readonly bodyBytes: number;
  /** Bytes of the body that are sent with the head; the rest follows a moment later. */
  readonly firstBytes: number;
  /** Content of the answer; above `TWO_PIECES` it comes in two pieces. */
  readonly answerBytes: number;
}

/** Answers above this are sent in two pieces, a moment apart. */
export const TWO_PIECES = 8000;
const BODY_BYTES = [20, 2000, 300, 30_000, 900];
const ANSWER_BYTES = [120, 16_000, 400, 2000, 90, 12_000, 250];

/** Two in five are POST; three periods without a common factor mix every body with every answer. */
export function planRequest(id: number): PlannedRequest {
  const method = id % 5 < 2 ? 'POST' : 'GET';
  const bodyBytes = method === 'POST' ? BODY_BYTES[Math.floor(id / 5) % BODY_BYTES.length]! : 0;
  const isSplit = bodyBytes > 0 && id % 3 === 0;
  const firstBytes = isSplit ? Math.floor(bodyBytes / 2) : bodyBytes;
  return { id, method, bodyBytes, firstBytes, answerBytes: ANSWER_BYTES[id % ANSWER_BYTES.length]! };
}

/** The head, and the body in the pieces in which it is sent. */
export function requestPieces({ id, method, bodyBytes, firstBytes, answerBytes }: PlannedRequest): Buffer[] {
  const length = method === 'POST' ? `Content-Length: ${bodyBytes}\r\n` : '';
  const head = `${method} /r/${id}?answer=${answerBytes} HTTP/1.1\r\nHost: chaos.example\r\n${ID_FIELD}: ${id}\r\n${length}\r\n`;
  const first = Buffer.from(head + 'b'.repeat(firstBytes), 'latin1');
  return bodyBytes > firstBytes ? [first, Buffer.alloc(bodyBytes - firstBytes, 'b')] : [first];
}

/** Carries the number of a request to the endpoint, and back. */
export const ID_FIELD = 'X-Chaos-Id';

/** The content of the answer to request `id`. */
export function answerContent(id: string, bytes: number): string {
  return `id=${id};`.padEnd(bytes, '.');
}
