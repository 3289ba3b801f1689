import type { Clock } from '../../core/kernel/clock.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { Scheduler } from '../membership/scheduler.ts';
import type { Role } from '../pool-options.ts';
import type { Probe, ProbeResult, ProbeRun } from './probe.ts';

export interface CheckTarget {
  /** At least one; asked in order until one can be reached, as traffic does. */
  readonly addresses: readonly SocketAddress[];
  readonly authority: string;
}

export interface CheckResult {
  /** `not-run` says nothing about the endpoint. */
  readonly kind: 'passed' | 'failed' | 'not-run';
  readonly reason: string;
  /** See `ProbeResult`. */
  readonly role?: Role;
  readonly latencyMs: number;
}

export interface CheckDeps {
  readonly probe: Probe;
  readonly timeoutMs: number;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
}

/**
 * Asks one endpoint once; `report` is called exactly once, unless stopped before. The time-out covers all of it:
 * every address, connect to last byte.
 */
export function runCheck(target: CheckTarget, deps: CheckDeps, report: (result: CheckResult) => void): ProbeRun {
  const { clock, scheduler, timeoutMs } = deps;
  const startedAt = clock.now();
  let run: ProbeRun | undefined;
  const deadline = scheduler.after(timeoutMs, () => {
    stop();
    report({ kind: 'failed', reason: `timed out after ${formatMs(timeoutMs)}`, latencyMs: clock.now() - startedAt });
  });

  function ask(index: number): void {
    const address = target.addresses[index];
    if (address === undefined) return;
    run = deps.probe.start({ address, authority: target.authority }, (result) => take(result, index));
  }

  function take(result: ProbeResult, index: number): void {
    if (result.kind === 'unreachable' && index + 1 < target.addresses.length) {
      ask(index + 1);
      return;
    }
    deadline.cancel();
    const { reason, role } = result;
    const kind = result.kind === 'unreachable' ? 'failed' : result.kind;
    report({ kind, reason, ...(role !== undefined && { role }), latencyMs: clock.now() - startedAt });
  }

  function stop(): void {
    deadline.cancel();
    run?.stop();
  }

  ask(0);
  return { stop };
}

function formatMs(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
