import { z } from 'zod';

/** What a request's key is: a text that comes with it, or its client's address. */
export type AffinityKey = 'client-ip' | 'host' | 'path' | `header:${string}` | `cookie:${string}` | `query:${string}`;

/** Names as HTTP has them: tokens (RFC 9110 §5.6.2), and for the query visible ASCII without what parts it. */
const KEY = /^(?:client-ip|host|path|(?:header|cookie):[\w!#$%&'*+.^`|~-]+|query:[!-"$%'-<>-~]+)$/;

/** The option `key` of every hashing policy. */
export const AffinityKey = /* @__PURE__ */ (() =>
  z
    .string()
    .regex(KEY, {
      error: ({ input }) =>
        `"${input}" is no key; write client-ip, host, path, header:<name>, cookie:<name> or query:<name>`,
    })
    .default('client-ip')
    .describe(
      "What a request's key is: `client-ip`, `host`, `path`, `header:<name>`, `cookie:<name>` or `query:<name>`; where it is absent, the client's address.",
    ) as unknown as z.ZodDefault<z.ZodType<AffinityKey, AffinityKey>>)();
