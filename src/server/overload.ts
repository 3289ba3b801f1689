import type { Scheduler } from '../control/membership/scheduler.ts';
import type { GateCounters } from '../telemetry/gate-counters.ts';
import type { Refusal } from '../telemetry/metrics.ts';

/** What is turned away for lack of room: by a pool, or by a listener. */
export interface OverloadEvent {
  readonly pool?: string;
  readonly listener?: string;
  readonly what: 'queue' | 'adaptive-limit' | 'retry-budget' | 'connections' | 'per-source' | 'descriptors';
  readonly from: 'off' | 'on';
  readonly to: 'off' | 'on';
  /** With how many it concerned. */
  readonly reason: string;
}

/** What one thread counted since its start; the counters themselves, or what they told last. */
export interface Counted {
  readonly listeners: ReadonlyMap<string, { readonly refused: Readonly<Record<Refusal, number>> }>;
  readonly traffic: ReadonlyMap<
    string,
    ReadonlyMap<string, { readonly gate: Pick<GateCounters, 'turnedAway' | 'budgetExhausted'> }>
  >;
}

export interface OverloadDeps {
  readonly scheduler: Scheduler;
  /** By each thread. */
  readonly counted: () => readonly Counted[];
  readonly emit: (event: OverloadEvent) => void;
}

type Subject = Pick<OverloadEvent, 'pool' | 'listener' | 'what'>;

interface Watched {
  readonly subject: Subject;
  /** Since the start. */
  count: number;
  /** Since it is overloaded; 0: it is not. */
  sinceOn: number;
  quietMs: number;
}

/** Not more often than workers tell what they counted. */
const LOOK_EVERY_MS = 2000;
/** An overload is over when nothing was turned away for this long: it is told when it begins and when it ends, not per request. */
const QUIET_MS = 10_000;

const CONCERNED: Readonly<Record<OverloadEvent['what'], string>> = {
  queue: 'requests found it full, were displaced, or waited too long',
  'adaptive-limit': 'requests were above the limit',
  'retry-budget': 'retries or hedges were not made',
  connections: 'connections above the limit were refused',
  'per-source': 'connections were refused, as their address had too many',
  descriptors: 'connections were refused, as no file descriptor was left',
};

/** Finds out from the counters where something is turned away, now and then: requests pay nothing for it. Returns how to stop it. */
export function watchOverload({ scheduler, counted, emit }: OverloadDeps): () => void {
  const watched = new Map<string, Watched>();
  let timer = scheduler.after(LOOK_EVERY_MS, look);

  function look(): void {
    timer = scheduler.after(LOOK_EVERY_MS, look);
    for (const [key, { subject, count }] of sumsOf(counted())) {
      const known = watched.get(key) ?? { subject, count: 0, sinceOn: 0, quietMs: 0 };
      watched.set(key, known);
      judge(known, count);
    }
  }

  function judge(known: Watched, count: number): void {
    const { subject } = known;
    // What a worker that died had not told yet may be missing.
    const more = Math.max(0, count - known.count);
    known.count = count;
    if (more > 0) {
      if (known.sinceOn === 0)
        emit({ ...subject, from: 'off', to: 'on', reason: `${more} ${CONCERNED[subject.what]}` });
      known.sinceOn += more;
      known.quietMs = 0;
    } else if (known.sinceOn > 0) {
      known.quietMs += LOOK_EVERY_MS;
      if (known.quietMs < QUIET_MS) return;
      emit({ ...subject, from: 'on', to: 'off', reason: `none for ${QUIET_MS / 1000}s, ${known.sinceOn} in all` });
      known.sinceOn = 0;
    }
  }

  return () => timer.cancel();
}

function sumsOf(threads: readonly Counted[]): Map<string, { readonly subject: Subject; count: number }> {
  const sums = new Map<string, { subject: Subject; count: number }>();
  const add = (subject: Subject, count: number) => {
    const key = `${subject.pool ?? ''} ${subject.listener ?? ''} ${subject.what}`;
    const sum = sums.get(key) ?? { subject, count: 0 };
    sum.count += count;
    sums.set(key, sum);
  };
  for (const { listeners, traffic } of threads) {
    for (const [listener, { refused }] of listeners) {
      add({ listener, what: 'connections' }, refused.limit);
      add({ listener, what: 'per-source' }, refused['per-source']);
      add({ listener, what: 'descriptors' }, refused.descriptors);
    }
    for (const byPool of traffic.values()) {
      for (const [pool, { gate }] of byPool) {
        const { full, displaced, timeout, limit } = gate.turnedAway;
        add({ pool, what: 'queue' }, full + displaced + timeout);
        add({ pool, what: 'adaptive-limit' }, limit);
        add({ pool, what: 'retry-budget' }, gate.budgetExhausted);
      }
    }
  }
  return sums;
}
