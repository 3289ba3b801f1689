import type { Dispatcher } from 'undici';

type Controller = Dispatcher.DispatchController;

/**
 * What the caller holds to pause or abort its request, over all tries of it. Each try has a controller of undici's own,
 * which comes once the try is being sent.
 */
export class RequestController implements Controller {
  readonly #onAbort: (reason: Error) => void;
  #target: Controller | undefined;
  #paused = false;
  #reason: Error | null = null;

  /** `onAbort` is called once. */
  constructor(onAbort: (reason: Error) => void) {
    this.#onAbort = onAbort;
  }

  get aborted(): boolean {
    return this.#reason !== null || this.#target?.aborted === true;
  }

  get paused(): boolean {
    return this.#paused || this.#target?.paused === true;
  }

  get reason(): Error | null {
    return this.#reason ?? this.#target?.reason ?? null;
  }

  get rawHeaders() {
    return this.#target?.rawHeaders ?? null;
  }

  get rawTrailers() {
    return this.#target?.rawTrailers ?? null;
  }

  /** The controller of the try that is being sent, or undefined between two of them. */
  follow(target: Controller | undefined): void {
    this.#target = target;
    if (this.#reason !== null) target?.abort(this.#reason);
    else if (this.#paused) target?.pause();
  }

  abort(reason: Error): void {
    if (this.#reason !== null) return;
    this.#reason = reason ?? new DOMException('The request was aborted', 'AbortError');
    // Before the try is sent undici cannot abort it: the caller hears of it all the same.
    if (this.#target === undefined) this.#onAbort(this.#reason);
    else this.#target.abort(this.#reason);
  }

  pause(): void {
    this.#paused = true;
    this.#target?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#target?.resume();
  }
}
