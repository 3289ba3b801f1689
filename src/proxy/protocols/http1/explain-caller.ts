import type { ClientSource } from '../../client-source.ts';
import type { LiveExplain } from '../../explanation.ts';
import { latin1 } from './bytes.ts';
import type { RequestHead } from './request-head.ts';
import { fieldOf } from './request-values.ts';

/** No secret is longer, and nobody can have us look at more. */
const MOST_BYTES = 1024;
/** What a proxy leaves in a request. */
const TRACKS = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'];

/** Whether the caller of a request that has an `x-equipoise-explain` may know how it comes about. */
export function mayExplain(explain: LiveExplain, head: RequestHead, source: ClientSource): boolean {
  const { offsets } = head.fields;
  const [start, end] = [offsets[4 * head.explainField + 2]!, offsets[4 * head.explainField + 3]!];
  if (end - start > MOST_BYTES) return false;
  return explain.allows(latin1(head.bytes, start, end), isLocal(head, source));
}

/**
 * Somebody on this machine sent it: from a loopback address, to one or to `localhost`, and without any track of a proxy, which
 * would make clients from anywhere look local; neither in HTTP/1.0, which is what some proxies speak that leave none.
 */
function isLocal(head: RequestHead, { ip, isTrusted }: ClientSource): boolean {
  if (isTrusted || head.isHttp10 || !isLoopback(ip)) return false;
  const host = head.host.replace(/:\d*$/, '').toLowerCase();
  if (host !== 'localhost' && host !== '[::1]' && !isLoopback(host)) return false;
  return TRACKS.every((name) => fieldOf(head, name) === -1);
}

const isLoopback = (ip: string): boolean => ip === '::1' || /^127(\.\d{1,3}){3}$/.test(ip);
