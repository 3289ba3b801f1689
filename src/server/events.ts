import type { MembershipEvent } from '../control/membership/membership.ts';
import type { GuardEvent } from '../control/picker/guard-event.ts';
import type { SocketAddress } from '../transport/transport.ts';
import type { OverloadEvent } from './overload.ts';

/** What the server tells people; `at` is milliseconds since 1970. */
export type ServerEvent = { readonly at: number } & ServerHappening;

export type ServerHappening =
  | ({ readonly kind: 'membership' } & MembershipEvent)
  | ({ readonly kind: 'guard' } & GuardEvent)
  /** Something is turned away for lack of room, or is no longer. */
  | ({ readonly kind: 'overload' } & OverloadEvent)
  /** A user's own policy failed; told once for each kind of failure. */
  | { readonly kind: 'policy'; readonly pool: string; readonly reason: string }
  | { readonly kind: 'listening'; readonly listener: string; readonly address: SocketAddress }
  | { readonly kind: 'draining'; readonly connections: number; readonly timeoutMs: number }
  | { readonly kind: 'drained'; readonly remaining: number }
  /** Its loop has not turned for that time: it is ended, and then replaced as one that died. Told again while it has not ended. */
  | { readonly kind: 'worker-stuck'; readonly worker: number; readonly silentMs: number }
  /** What was under way in it is lost. */
  | {
      readonly kind: 'worker-died';
      readonly worker: number;
      readonly reason: string;
      readonly requests: number;
      readonly connections: number;
    }
  | { readonly kind: 'worker-replaced'; readonly worker: number }
  | { readonly kind: 'reloaded'; readonly changes: readonly string[]; readonly needsRestart: readonly string[] }
  /** Another configuration was refused; what was in force still is. */
  | { readonly kind: 'reload-refused'; readonly reason: string }
  /** A person changed something through the admin API; `what` says what it is now. */
  | {
      readonly kind: 'audit';
      /** Address of whoever asked. */
      readonly from: string;
      readonly credential: 'token' | 'none';
      readonly what: string;
    }
  /** What the state file held of an earlier run is in force; `dropped` are the settings that fit nothing any more. */
  | { readonly kind: 'state-restored'; readonly settings: number; readonly dropped: readonly string[] }
  /** Lines of the access log are lost. */
  | { readonly kind: 'log-failed'; readonly reason: string }
  /** Spans are lost, as the collector takes none; or it takes them again. */
  | { readonly kind: 'tracing'; readonly to: 'failed' | 'resumed'; readonly reason: string }
  /** The state file cannot be read or written. */
  | { readonly kind: 'state-failed'; readonly reason: string }
  /** Whoever runs the program remarks something, as the demo does of what it is about to do. */
  | { readonly kind: 'note'; readonly text: string }
  /** An exception that ended one connection; a mistake of ours. */
  | { readonly kind: 'exception'; readonly listener?: string; readonly error: unknown };
