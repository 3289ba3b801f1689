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
