import type { AffinityKey } from '../core/hash/affinity-key.ts';
import { policies } from '../core/policies/registry.ts';

/** What a pool's policy wants to know of requests and answers; what it does not want is not read. */
export interface PolicyNeeds {
  /** `client-ip` as well where no policy hashes a key. */
  readonly key: AffinityKey;
  /** What endpoints report of their load. */
  readonly reports: boolean;
}

interface AnyPolicy {
  readonly type: string;
  readonly key?: AffinityKey;
  readonly policy?: AnyPolicy | string;
}

/** Of a policy's options, those of what it wraps included: the outermost key counts, as only one in a chain can have any. */
export function policyNeeds(policy: AnyPolicy | string): PolicyNeeds {
  const { type, key, policy: wrapped } = typeof policy === 'string' ? { type: policy } : policy;
  const own = { key: key ?? 'client-ip', reports: policies.get(type)?.readsReports === true } as const;
  if (wrapped === undefined) return own;
  const inner = policyNeeds(wrapped);
  return { key: key ?? inner.key, reports: own.reports || inner.reports };
}
