import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { parseBySchema } from '../config/issues.ts';
import { type Finding, formatPath } from '../config/problem.ts';
import { type ProblemItem, problem, type WholeAnswer } from './answer.ts';

/** Bytes of a request's body. */
export const BODY_LIMIT = 1024 * 1024;

export const JSON_TYPES: readonly string[] = ['application/json'];

/** What was read, or the answer that refuses it. */
export type Read<T> = { readonly value: T } | { readonly refusal: WholeAnswer };

/**
 * The body as text, if it has one of `types`. A type that a form of another site can send is none of them, so that a browser
 * asks before, and is refused.
 */
export async function readText(request: IncomingMessage, types: readonly string[]): Promise<Read<string>> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!types.includes(type.split(';', 1)[0]!.trim().toLowerCase()) || encoding !== 'identity') {
    const given = type === '' ? 'the body has no content type' : `a body of ${type} (${encoding}) is not understood`;
    return refused(request, problem(415, given, { fix: `send Content-Type: ${types.join(' or ')}` }));
  }
  const bytes = await readBytes(request);
  if (bytes === undefined) {
    return refused(request, problem(413, `the body has more than ${BODY_LIMIT} bytes`, { fix: 'send less at once' }));
  }
  try {
    return { value: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { refusal: problem(400, 'the body is not UTF-8') };
  }
}

/** The body as JSON that fits `schema`. */
export async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<Read<T>> {
  const text = await readText(request, JSON_TYPES);
  if ('refusal' in text) return text;
  let value: unknown;
  try {
    value = JSON.parse(text.value);
  } catch (error) {
    return { refusal: problem(400, `the body is not JSON: ${(error as Error).message}`) };
  }
  const result = parseBySchema(schema, value);
  // Never absent: what fits the schemas here is no undefined.
  if (result.value !== undefined) return { value: result.value };
  return { refusal: invalid(result.findings.map(toItem)) };
}

/** 400 with every mistake, the first one in words. */
export function invalid(problems: readonly ProblemItem[]): WholeAnswer {
  const [first] = problems;
  const place = first === undefined || first.path === '' ? '' : `${first.path}: `;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return problem(400, `${place}${first?.message ?? 'is not understood'}${more}`, { fix: first?.fix, problems });
}

function toItem({ path, message, fix }: Finding): ProblemItem {
  return { path: formatPath(path), message, ...(fix !== undefined && { fix }) };
}

/** What still comes is thrown away, so that whoever sends it gets to read the answer. */
function refused(request: IncomingMessage, refusal: WholeAnswer): { refusal: WholeAnswer } {
  request.resume();
  return { refusal: { ...refusal, headers: { ...refusal.headers, connection: 'close' } } };
}

/** Undefined when there are too many. */
async function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= BODY_LIMIT) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the connection ended before the body did')));
  });
}
