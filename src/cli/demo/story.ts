/** What a backend does to those who ask it. */
export type Conduct =
  | { readonly kind: 'well' }
  /** Every answer takes about this long, that to a health check too. */
  | { readonly kind: 'slow'; readonly answerMs: number }
  /** Status 500 for everything but health checks. */
  | { readonly kind: 'failing' };

/** A backend begins to behave otherwise. */
export interface Act {
  /** Milliseconds since the story began, or began again. */
  readonly atMs: number;
  readonly endpoint: string;
  readonly conduct: Conduct;
  /** What it says of itself; what the balancer makes of it is left to that. */
  readonly text: string;
}

const WELL: Conduct = { kind: 'well' };

/** After it the story begins again. */
export const ROUND_MS = 18_000;

/** One backend slows down until its checks give it up; another one fails requests while its checks still pass. */
export const acts: readonly Act[] = [
  {
    atMs: 2000,
    endpoint: 'steady',
    conduct: { kind: 'slow', answerMs: 150 },
    text: 'steady slows down: 150 ms an answer',
  },
  {
    atMs: 4500,
    endpoint: 'steady',
    conduct: { kind: 'slow', answerMs: 900 },
    text: 'steady is nearly stuck: 900 ms an answer',
  },
  { atMs: 8000, endpoint: 'steady', conduct: WELL, text: 'steady is well again' },
  {
    atMs: 11_000,
    endpoint: 'flaky',
    conduct: { kind: 'failing' },
    text: 'flaky fails every request, but passes its checks',
  },
  { atMs: 13_000, endpoint: 'flaky', conduct: WELL, text: 'flaky is well again' },
];

/** How a backend behaves at a moment of the story. */
export function conductAt(endpoint: string, sinceMs: number): Conduct {
  const inRound = sinceMs % ROUND_MS;
  return acts.findLast((act) => act.endpoint === endpoint && act.atMs <= inRound)?.conduct ?? WELL;
}

/** Acts that begin after `fromMs` and not after `toMs`, which is less than a round later. */
export function actsBetween(fromMs: number, toMs: number): readonly Act[] {
  const startOfRound = Math.floor(toMs / ROUND_MS) * ROUND_MS;
  const rounds = [startOfRound - ROUND_MS, startOfRound];
  return rounds.flatMap((start) => acts.filter(({ atMs }) => start + atMs > fromMs && start + atMs <= toMs));
}

export interface Story {
  /** Before it begins everybody is well. */
  conductOf(endpoint: string): Conduct;
  /** Tells of each act once it has begun. */
  begin(onAct: (act: Act) => void): void;
  end(): void;
}

const LOOK_MS = 50;

/** `now`: monotonic milliseconds. */
export function createStory(now: () => number): Story {
  let beganAt: number | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    conductOf: (endpoint) => (beganAt === undefined ? WELL : conductAt(endpoint, now() - beganAt)),
    begin(onAct) {
      const start = now();
      beganAt = start;
      let toldMs = 0;
      timer = setInterval(() => {
        const sinceMs = now() - start;
        for (const act of actsBetween(toldMs, sinceMs)) onAct(act);
        toldMs = sinceMs;
      }, LOOK_MS);
    },
    end: () => clearInterval(timer),
  };
}
