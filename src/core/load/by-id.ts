import type { Endpoint } from '../kernel/endpoint.ts';

/** An order that every machine agrees on: by code unit, not by locale; of two slots with one id, the lower first. */
export function byId(a: Pick<Endpoint, 'slot' | 'id'>, b: Pick<Endpoint, 'slot' | 'id'>): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return a.slot - b.slot;
}
