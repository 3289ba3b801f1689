import type { ServerEvent } from '../../server/events.ts';
import type { EventBus } from '../../telemetry/events.ts';
import type { Act } from './story.ts';

export interface News {
  /** The last lines, oldest first. */
  readonly lines: readonly string[];
  /** Endpoints that are out for failing real traffic. */
  readonly ejected: ReadonlySet<string>;
  /** A backend begins to behave otherwise. */
  tell(act: Act): void;
  /** Shares of the last second, 0..1: who was told to be slow and gets less is worth a line. */
  look(shares: ReadonlyMap<string, number>): void;
}

const LINES_SHOWN = 6;
/** Less is lost in the noise of a second. */
const WORTH_A_LINE = 0.05;

/** What backends do and what the balancer makes of it. `sinceMs`: milliseconds since the demo began. */
export function createNews(events: EventBus<ServerEvent>, sinceMs: () => number): News {
  const lines: string[] = [];
  const ejected = new Set<string>();
  let shares: ReadonlyMap<string, number> = new Map();
  let slowed: { readonly endpoint: string; readonly share: number } | undefined;

  function add(who: 'backend' | 'balancer', text: string): void {
    lines.push(`${(sinceMs() / 1000).toFixed(1).padStart(5)} s  ${who.padEnd(8)}  ${text}`);
    if (lines.length > LINES_SHOWN) lines.shift();
  }

  events.subscribe((event) => {
    if (event.kind === 'membership' && event.what === 'health' && event.from !== 'unknown') {
      // Who is down gets nothing: that needs no second line.
      if (event.endpoint === slowed?.endpoint) slowed = undefined;
      add('balancer', `${event.endpoint} is ${event.to}: ${event.reason}`);
    } else if (event.kind === 'guard' && event.what === 'ejection') {
      if (event.to === 'ejected') ejected.add(event.endpoint);
      else ejected.delete(event.endpoint);
      add('balancer', `${event.endpoint} is ${event.to === 'ejected' ? 'ejected' : 'taken back'}: ${event.reason}`);
    }
  });

  return {
    lines,
    ejected,
    tell({ endpoint, conduct, text }) {
      add('backend', text);
      events.emit({ at: Date.now(), kind: 'note', text: `demo: ${text}` });
      const share = shares.get(endpoint) ?? 0;
      slowed = conduct.kind === 'slow' && share > WORTH_A_LINE ? { endpoint, share } : undefined;
    },
    look(latest) {
      shares = latest;
      const share = slowed && latest.get(slowed.endpoint);
      if (slowed === undefined || share === undefined || share > slowed.share / 2) return;
      add('balancer', `${slowed.endpoint} gets ${percent(share)} of the requests, not ${percent(slowed.share)}`);
      slowed = undefined;
    },
  };
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
