import type { EndpointWire } from '../../../src/admin/wire.ts';

/** The colour that goes with a verdict. */
export type Tone = 'good' | 'idle' | 'warn' | 'bad';

/** How an endpoint is told apart at a glance: by shape and word, and by colour only on top. */
export interface Verdict {
  readonly word: string;
  readonly shape: string;
  readonly tone: Tone;
}

/** The one thing that decides whether it is picked; what a person says comes first. */
export function verdictOf({ mode, health, ejected, breaker, weight, eligible }: EndpointWire): Verdict {
  if (mode === 'draining') return { word: 'draining', shape: '◐', tone: 'warn' };
  if (mode === 'maintenance') return { word: 'maintenance', shape: '■', tone: 'idle' };
  if (health === 'down' && !eligible) return { word: 'down', shape: '▼', tone: 'bad' };
  if (ejected === true) return { word: 'ejected', shape: '◆', tone: 'bad' };
  if (breaker === 'open') return { word: 'breaker open', shape: '◇', tone: 'bad' };
  if (breaker === 'half-open') return { word: 'half-open', shape: '◇', tone: 'warn' };
  if (weight.effective === 0) return { word: 'weight 0', shape: '○', tone: 'idle' };
  if (!eligible) return { word: 'not eligible', shape: '○', tone: 'bad' };
  if (health === 'down') return { word: 'down, eligible', shape: '▽', tone: 'bad' };
  if (health === 'unknown') return { word: 'unchecked', shape: '○', tone: 'good' };
  return { word: 'up', shape: '●', tone: 'good' };
}

/** Who serves a pool without the endpoint `id`: those that may be picked, or else those that only failures of traffic keep out. */
export function othersThan(id: string, endpoints: readonly EndpointWire[]): { eligible: number; lastResort: number } {
  const others = endpoints.filter((each) => each.id !== id);
  const eligible = others.filter((each) => each.eligible).length;
  // Breakers and ejection are ignored where they would leave nobody.
  const isLast = ({ mode, health, weight, ejected, breaker }: EndpointWire) =>
    mode === 'ready' && health !== 'down' && weight.effective > 0 && (ejected === true || breaker === 'open');
  return { eligible, lastResort: others.filter((each) => !each.eligible && isLast(each)).length };
}
