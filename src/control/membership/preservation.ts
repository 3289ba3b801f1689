import type { Provider } from '../discovery/provider.ts';
import type { EndpointOptions } from '../pool-options.ts';
import type { Scheduled, Scheduler } from './scheduler.ts';

export interface PreservationOptions {
  /** Share of the endpoints that may vanish at once and be believed, 0 to 1. Default 0.5. */
  readonly above?: number;
  /** Milliseconds after which more are believed as well. Default 60000. */
  readonly graceMs?: number;
  readonly scheduler: Scheduler;
  /** Began (`on`) or ended (`off`), and why. */
  readonly onChange?: (state: 'on' | 'off', reason: string) => void;
}

const DEFAULT_SHARE = 0.5;
const DEFAULT_GRACE_MS = 60_000;

/**
 * Keeps the last known endpoints when a provider suddenly finds only few of them: it is likelier that a registry or a name
 * server has lost its mind than that a service has. What is new is taken at once, and checks go on for what is kept. Other
 * endpoints in the place of the former ones are no loss. For discovery; what people write is meant.
 *
 * Source  after the self-preservation of Netflix Eureka, which knows leases where this one counts endpoints.
 */
export function preserve(provider: Provider, options: PreservationOptions): Provider {
  return {
    start(listener) {
      const preservation = new Preservation(options, listener);
      const run = provider.start((found) => preservation.take(found));
      return {
        stop() {
          preservation.stop();
          run.stop();
        },
      };
    },
  };
}

class Preservation {
  readonly #options: PreservationOptions;
  readonly #tell: (endpoints: readonly EndpointOptions[]) => void;
  /** As told last, with those that are kept. */
  #known: readonly EndpointOptions[] = [];
  /** As found last. */
  #found: readonly EndpointOptions[] = [];
  /** Runs while endpoints are kept. */
  #grace: Scheduled | undefined;

  constructor(options: PreservationOptions, tell: (endpoints: readonly EndpointOptions[]) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  take(found: readonly EndpointOptions[]): void {
    const { above = DEFAULT_SHARE } = this.#options;
    this.#found = found;
    if (found.length < this.#known.length * (1 - above)) this.#keep();
    else this.#believe('enough endpoints are there again');
  }

  stop(): void {
    this.#grace?.cancel();
  }

  #keep(): void {
    const ids = new Set(this.#found.map(({ id }) => id));
    const missing = this.#known.filter(({ id }) => !ids.has(id));
    if (this.#grace === undefined) this.#begin(missing.length);
    this.#know([...this.#found, ...missing]);
  }

  #begin(missing: number): void {
    const { scheduler, graceMs = DEFAULT_GRACE_MS, onChange } = this.#options;
    const after = `${graceMs / 1000} s`;
    this.#grace = scheduler.after(graceMs, () => this.#believe(`they are still gone after ${after}`));
    onChange?.('on', `${missing} of ${this.#known.length} endpoints vanished at once; they are kept for ${after}`);
  }

  #believe(reason: string): void {
    if (this.#grace !== undefined) {
      this.#grace.cancel();
      this.#grace = undefined;
      this.#options.onChange?.('off', reason);
    }
    this.#know(this.#found);
  }

  #know(endpoints: readonly EndpointOptions[]): void {
    this.#known = endpoints;
    this.#tell(endpoints);
  }
}
