import type { PickExplanation } from '../control/picker/explanation.ts';
import type { RouteVerdict } from './routing/explain-routes.ts';

/** A request that somebody describes: nothing is sent. */
export interface DescribedRequest {
  readonly method: string;
  /** Value of the Host header. */
  readonly host: string;
  /** Path and query as a client would send them. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Address that the connection comes from. */
  readonly from: string;
}

/** Who may have requests under way explained. */
export interface LiveExplain {
  /** `given`: what the request says; `isLocal`: it comes from this machine, and nobody is in between. */
  readonly allows: (given: string, isLocal: boolean) => boolean;
  /** From 0; absent where there is one. */
  readonly worker?: number;
}

/** What became of a request so far, and why; plain data. Its `pick` is the one of the last try. */
export interface LiveRequestExplanation extends RequestExplanation {
  readonly listener: string;
  readonly listenerReason: string;
  readonly worker?: number;
  /** Where it is traced. */
  readonly traceId?: string;
  /** In the order in which they began. */
  readonly tries: readonly TryExplanation[];
  /** Endpoints, or all but the most important, that found no room. */
  readonly omitted?: number;
}

export interface TryExplanation {
  readonly endpoint: string;
  /** It was answered so. */
  readonly status?: number;
  readonly failure?: string;
  /** To the answer, or to the failure. */
  readonly ms?: number;
  readonly hedge?: true;
}

/** What would become of it, and why; plain data. */
export interface RequestExplanation {
  /** As policies and logs see it, behind trusted proxies. */
  readonly clientIp: string;
  /** The listener answers before it looks for a route. */
  readonly refused?: { readonly status: number; readonly reason: string };
  /** Those up to the one that matches, in order; empty for tcp. */
  readonly routes: readonly RouteVerdict[];
  /** The index of the route that matches; absent: none, which is a 404. */
  readonly route?: number;
  /** The route answers by itself. */
  readonly answer?: { readonly status: number; readonly location?: string };
  /** Whose endpoints are asked; by weight where the route names several. */
  readonly pool?: string;
  /** The route's pools with their weights, where it names several. */
  readonly pools?: readonly { readonly pool: string; readonly weight: number }[];
  /** What hashing policies of the pool go by; absent: by the client's address. */
  readonly key?: string;
  /** What it counts in flight. */
  readonly cost?: number;
  readonly pick?: PickExplanation;
}
