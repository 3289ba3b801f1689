import type { DescribedRequest, RequestExplanation } from '../proxy/explanation.ts';
import type { SocketAddress } from '../transport/transport.ts';

/** A request that somebody wants explained. */
export interface ExplainRequest {
  readonly method: string;
  /** `http://host:port/path?query`, or `tcp://host:port` for a connection. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address that the connection comes from. Default 127.0.0.1. */
  readonly from?: string;
  /** Which listener is meant. Default: the one at the port of `url`; without a port there, the first. */
  readonly listener?: string;
}

/** What would become of it. */
export interface Explained extends RequestExplanation {
  readonly listener: string;
  /** Why that one. */
  readonly listenerReason: string;
  /** From 0: whose picker was asked, where there are several. Each picks for itself. */
  readonly worker?: number;
}

/** What one worker says; which, where there are several. */
export interface WorkerExplanation {
  readonly explanation: RequestExplanation;
  readonly worker?: number;
}

/** It cannot be explained; what is wrong and what to do about it. */
export interface NotExplained {
  readonly problem: string;
  readonly fix: string;
}

/** A listener as far as it can be chosen: one for each of its addresses. */
export interface Addressed {
  readonly name: string;
  readonly protocol: string;
  readonly address: SocketAddress;
}

/** The listener that a request reaches, and the request as its client would send it. */
export interface Reached {
  readonly listener: string;
  readonly reason: string;
  readonly described: DescribedRequest;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Which of `listeners` the request reaches: the one that it names, else the one at its port, else the only one; where the URL
 * has no port, the first.
 */
export function reach(request: ExplainRequest, listeners: readonly Addressed[]): Reached | NotExplained {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (url === undefined || url.hostname === '') {
    return { problem: `"${request.url}" is no URL`, fix: 'write it in full: http://host:port/path' };
  }
  const speaks = url.protocol === 'tcp:' ? 'tcp' : 'http';
  const fitting = listeners.filter((each) => (each.protocol === 'tcp' ? 'tcp' : 'http') === speaks);
  const chosen = choose(request, fitting, url);
  if ('problem' in chosen) return chosen;
  return { ...chosen, described: describe(request, url) };
}

function choose(
  { listener: wanted }: ExplainRequest,
  listeners: readonly Addressed[],
  url: URL,
): Pick<Reached, 'listener' | 'reason'> | NotExplained {
  const names = [...new Set(listeners.map(({ name }) => name))];
  const fix = names.length === 0 ? 'there is none' : `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
  if (wanted !== undefined) {
    if (names.includes(wanted)) return { listener: wanted, reason: 'it was named' };
    return { problem: `no listener "${wanted}" speaks the protocol of this URL`, fix };
  }
  const port = Number(url.port) || DEFAULT_PORTS[url.protocol] || 0;
  const there = listeners.find(({ address }) => address.kind === 'tcp' && address.port === port);
  if (there !== undefined) return { listener: there.name, reason: `it listens on port ${port}` };
  const [only, another] = names;
  if (only !== undefined && another === undefined) return { listener: only, reason: 'it is the only one' };
  if (only !== undefined && url.port === '') {
    return { listener: only, reason: `the URL has no port, and it is the first of ${names.length}` };
  }
  return { problem: `no listener of this protocol has port ${port}`, fix: `name a listener; ${fix}` };
}

function describe({ method, headers = {}, from = '127.0.0.1', url: text }: ExplainRequest, url: URL): DescribedRequest {
  const entries = Object.entries(headers);
  const host = entries.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const others = entries.filter(([name]) => name.toLowerCase() !== 'host');
  return { method, host: host ?? url.host, target: targetOf(text), headers: others, from };
}

/** As it was written: `URL` would tidy up what routes see as it comes. */
function targetOf(text: string): string {
  const rest = text.slice(text.indexOf('://') + 3);
  const start = rest.search(/[/?]/);
  if (start === -1) return '/';
  const target = rest.slice(start).split('#', 1)[0]!;
  return target.startsWith('?') ? `/${target}` : target;
}
