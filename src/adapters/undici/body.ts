import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

type Body = Dispatcher.DispatchOptions['body'];

/** A request's body and whether it can be sent once more. */
export interface RequestBody {
  /** What is given to undici in place of the body. */
  readonly body: Body;
  /** True while nothing of it was read, and for good when it lies in memory. */
  intact(): boolean;
  /** True for an error that the body itself had: nobody else is to blame. */
  failedWith(error: unknown): boolean;
}

const IN_MEMORY = { intact: () => true, failedWith: () => false };

/** Streams are watched, and iterables are wrapped so that it shows whether anyone began to read them. */
export function watchBody(body: Body): RequestBody {
  if (body instanceof Readable) {
    return {
      body,
      intact: () => !Readable.isDisturbed(body) && !body.destroyed,
      failedWith: (error) => body.errored != null && body.errored === error,
    };
  }
  return isConsumable(body) ? watchIterable(body) : { body, ...IN_MEMORY };
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** `fetch` gives its bodies as generators; everything else that iterates, such as FormData and arrays of bytes, stays. */
function isConsumable(body: unknown): body is Chunks {
  if (typeof body !== 'object' || body === null) return false;
  return Symbol.asyncIterator in body || ('next' in body && Symbol.iterator in body);
}

function watchIterable(source: Chunks): RequestBody {
  let read = false;
  let failure: { readonly error: unknown } | undefined;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    read = true;
    try {
      yield* source;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  // What undici takes is wider than what its types say.
  const body = { [Symbol.asyncIterator]: chunks } as unknown as Body;
  return { body, intact: () => !read, failedWith: (error) => failure?.error === error };
}
