import { z } from 'zod';

/** The option `key` of every hashing policy. */
export const AffinityKey = /* @__PURE__ */ (() =>
  z
    .enum(['client-ip'])
    .default('client-ip')
    .describe("What a request's key is when the caller gives none: the client's address."))();
export type AffinityKey = z.input<typeof AffinityKey>;
