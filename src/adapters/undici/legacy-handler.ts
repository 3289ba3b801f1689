import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** undici 7 itself and the `fetch` of Node 20 to 24 still pass handlers of undici 6: `onConnect`, `onHeaders`, … */
export function present(handler: Handler): Handler {
  return handler.onRequestStart === undefined ? new LegacyHandler(handler) : handler;
}

/** A handler of undici 6 in the present form. It hears the fields as they were received, repeated ones apart. */
class LegacyHandler implements Handler {
  readonly #handler: Handler;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const abort = (reason?: Error): void => controller.abort(reason as Error);
    (this.#handler.onConnect as ((abort: (reason?: Error) => void, context: unknown) => void) | undefined)?.(
      abort,
      context,
    );
  }

  onRequestUpgrade(controller: Controller, status: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    this.#handler.onUpgrade?.(status, rawFields(controller.rawHeaders, headers), socket);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: IncomingHttpHeaders, message = ''): void {
    const fields = rawFields(controller.rawHeaders, headers);
    const more = this.#handler.onHeaders?.(status, fields, () => controller.resume(), message);
    if (more === false) controller.pause();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#handler.onComplete?.(rawFields(controller.rawTrailers, trailers) as unknown as string[]);
  }

  onResponseError(_: Controller, error: Error): void {
    this.#handler.onError?.(error);
  }
}

/** Names and values in turn. Not every client has kept what it received. */
function rawFields(raw: Controller['rawHeaders'], parsed: IncomingHttpHeaders): Buffer[] {
  if (Array.isArray(raw)) return raw as Buffer[];
  return Object.entries(parsed).flatMap(([name, value]) =>
    [value ?? ''].flat().flatMap((each) => [Buffer.from(name, 'latin1'), Buffer.from(each, 'latin1')]),
  );
}
