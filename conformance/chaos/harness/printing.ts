import type { Finding } from './judge.ts';
import type { Result, Verdict } from './stage.ts';

/** `endpoint-killed equipoise bun: sent=600 ok=596 failed=4 unavoidable=4 lost=0`. */
export function describeResult({ scenario, contender, judgement, counts, hasWitness }: Result): string {
  const { sent, ok, unavoidable, lost } = judgement;
  const numbers = { sent, ok, failed: sent - ok, unavoidable, lost, ...counts };
  const words = Object.entries(numbers).map(([name, value]) => `${name}=${value}`);
  return `${scenario} ${contender}: ${words.join(' ')}${hasWitness ? '' : ' (no witness of the wire)'}`;
}

/** What fails a run: lost requests by reason, disagreements, complaints. Empty when all is well. */
export function faultsOf({ judgement, complaints }: Pick<Verdict, 'judgement' | 'complaints'>): string[] {
  const lost = judgement.findings.filter(({ avoidable }) => avoidable);
  return [...reasons(lost), ...judgement.disagreements.slice(0, 10), ...complaints];
}

function reasons(findings: readonly Finding[]): string[] {
  const byReason = new Map<string, number[]>();
  for (const { request, why } of findings) {
    const outcome = request.outcome === 'status' ? String(request.status) : request.outcome;
    const reason = `${request.method} ${outcome}: ${why}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), request.id]);
  }
  return [...byReason].map(([reason, ids]) => {
    return `lost ${ids.length} × ${reason} (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''})`;
  });
}
