import type { ServerHappening } from './events.ts';

/** What several workers find each for itself is told once. */
export class ToldOnce {
  /** Of users' policies. */
  readonly #policies = new Set<string>();
  /** Workers whose spans nobody takes. */
  readonly #failing = new Set<number>();

  /** `worker` found it; false when it is told already. */
  isNews(worker: number, what: ServerHappening): boolean {
    if (what.kind === 'policy') return this.#isNewPolicy(`${what.pool} ${what.reason}`);
    if (what.kind !== 'tracing') return true;
    // The first one that fails, and the last one that goes on.
    const before = this.#failing.size;
    if (what.to === 'failed') this.#failing.add(worker);
    else this.#failing.delete(worker);
    return (before === 0) !== (this.#failing.size === 0);
  }

  #isNewPolicy(key: string): boolean {
    const isNew = !this.#policies.has(key);
    this.#policies.add(key);
    return isNew;
  }

  /** The worker has ended. */
  left(worker: number): void {
    this.#failing.delete(worker);
  }

  /** Another configuration is in force: policies may fail anew. */
  forget(): void {
    this.#policies.clear();
  }
}
