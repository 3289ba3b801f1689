/**
 * A breaker's state in one 32-bit word, and what each event makes of it: pure functions from word to word, so that the
 * store may be a plain write, or one compare-and-swap when workers share the words.
 *
 * Word    bits 0–1 state, 2–11 failures in a row, 12–17 probes under way, 18–22 times opened in a row, 23–30 era.
 *         0 is a closed breaker that knows nothing, so zeroed memory needs no set-up.
 * Era     counts changes of state (modulo 256). A pick carries the era it began in: what a pick of an earlier era says
 *         is old news and is not judged. Source: the generation of Sony's gobreaker.
 */

/** The state's bits. */
export const CLOSED = 0;
export const OPEN = 1;
export const HALF_OPEN = 2;

/** What the fields hold at most. */
export const MAX_FAILURES = 1023;
export const MAX_PROBES = 63;
const MAX_OPENINGS = 31;
const ERAS = 256;

const FAILURE = 1 << 2;
const PROBE = 1 << 12;
const OPENING_SHIFT = 18;
const ERA_SHIFT = 23;

/** What a pick without a ticket hands back: it is taken to belong to the present era. */
export const NO_TICKET = -1;

export function stateOf(word: number): number {
  return word & 3;
}

export function failuresOf(word: number): number {
  return (word >>> 2) & MAX_FAILURES;
}

export function probesOf(word: number): number {
  return (word >>> 12) & MAX_PROBES;
}

/** Times opened since it was last closed. */
export function openingsOf(word: number): number {
  return (word >>> OPENING_SHIFT) & MAX_OPENINGS;
}

/** A pick that began now and takes no probe's place. */
export function ticketOf(word: number): number {
  return (word >>> ERA_SHIFT) << 1;
}

/** A pick that began now and takes a probe's place. */
export function probeTicketOf(word: number): number {
  return ticketOf(word) | 1;
}

/** Of a ticket: did its pick take a probe's place? `NO_TICKET` may have. */
export function isProbe(ticket: number): boolean {
  return (ticket & 1) === 1;
}

/** May one more pick begin? `halfOpen` probes may be under way at a time. */
export function admits(word: number, halfOpen: number): boolean {
  const state = stateOf(word);
  return state === CLOSED || (state === HALF_OPEN && probesOf(word) < halfOpen);
}

/** A pick began: unchanged unless it takes a probe's place. */
export function started(word: number, halfOpen: number): number {
  return stateOf(word) === HALF_OPEN && probesOf(word) < halfOpen ? word + PROBE : word;
}

/** A pick ended with a verdict. `failures` in a row open a closed breaker. */
export function judged(word: number, ok: boolean, ticket: number, failures: number): number {
  if (!isPresent(word, ticket)) return word;
  const state = stateOf(word);
  if (state === HALF_OPEN) return ok ? closed(word) : opened(word);
  // In an open breaker the present era's picks are those that were tried anyway; their failures say nothing new.
  if (state === OPEN) return ok ? closed(word) : word;
  if (ok) return word - failuresOf(word) * FAILURE;
  return failuresOf(word) + 1 >= failures ? opened(word) : word + FAILURE;
}

/** A pick ended without a verdict. */
export function released(word: number, ticket: number): number {
  const tookProbe = isProbe(ticket);
  return tookProbe && stateOf(word) === HALF_OPEN && isPresent(word, ticket) ? word - PROBE : word;
}

/** Counts changes of state; see the top. */
export function eraOf(word: number): number {
  return word >>> ERA_SHIFT;
}

/** `count` probes of `era` end without a verdict. */
export function probesReturned(word: number, era: number, count: number): number {
  return stateOf(word) === HALF_OPEN && eraOf(word) === era ? word - Math.min(count, probesOf(word)) * PROBE : word;
}

/** The open time is over. */
export function halfOpened(word: number): number {
  return HALF_OPEN | (openingsOf(word) << OPENING_SHIFT) | nextEra(word);
}

/** Nothing is known any more but the era. */
export function closed(word: number): number {
  return CLOSED | nextEra(word);
}

function opened(word: number): number {
  return OPEN | (Math.min(openingsOf(word) + 1, MAX_OPENINGS) << OPENING_SHIFT) | nextEra(word);
}

/** Without a ticket: a pick that ends in an open breaker, or in a half-open one without a probe, began before. */
function isPresent(word: number, ticket: number): boolean {
  if (ticket !== NO_TICKET) return ticket >> 1 === word >>> ERA_SHIFT;
  const state = stateOf(word);
  return state === CLOSED || (state === HALF_OPEN && probesOf(word) > 0);
}

function nextEra(word: number): number {
  return (((word >>> ERA_SHIFT) + 1) % ERAS) << ERA_SHIFT;
}
