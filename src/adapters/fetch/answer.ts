/** A stream that nobody can read any more ends as well: who drops an answer unread need not know of this. */
const forgotten = new FinalizationRegistry<() => void>((end) => end());

const WITHOUT_BODY = new Set([0, 101, 204, 205, 304]);

/**
 * The same answer; `onEnd` is called once, when its body was read, cancelled, dropped, or failed with `error`. Nothing is
 * read before the caller reads.
 */
export function watchEnd(response: Response, onEnd: (error?: unknown) => void): Response {
  if (response.body === null || WITHOUT_BODY.has(response.status)) {
    onEnd();
    return response;
  }
  const body = watchStream(response.body, onEnd);
  const { status, statusText, headers, url, redirected, type } = response;
  const watched = new Response(body, { status, statusText, headers });
  return Object.defineProperties(watched, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}

function watchStream(source: ReadableStream<Uint8Array>, onEnd: (error?: unknown) => void): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let ended = false;
  function end(error?: unknown): void {
    if (ended) return;
    ended = true;
    onEnd(error);
  }

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      end();
      controller.close();
    } catch (error) {
      end(error ?? new Error('the body was cut'));
      controller.error(error);
    }
  }

  function cancel(reason?: unknown): Promise<void> {
    end();
    return reader.cancel(reason);
  }

  const stream = new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
  forgotten.register(stream, () => void cancel().catch(() => {}));
  return stream;
}
