/** What happens in the program, for people: kept for a while and told to whoever listens. */
export interface EventBus<E> {
  emit(event: E): void;
  /** Calls `listener` with each event from now on. Returns how to stop it. */
  subscribe(listener: (event: E) => void): () => void;
  /** The last events, oldest first; at most `capacity`. */
  recent(): E[];
}

export interface EventBusOptions {
  /** Events kept. Default 1000. */
  readonly capacity?: number;
  /** Hears of an exception in a listener, which keeps no other listener from being called. */
  readonly onError?: (error: unknown) => void;
}

/** Cost: O(listeners) an event; the ring is filled, then overwritten. */
export function createEventBus<E>({ capacity = 1000, onError = () => {} }: EventBusOptions = {}): EventBus<E> {
  const ring: E[] = [];
  const listeners = new Set<(event: E) => void>();
  let oldest = 0;

  function keep(event: E): void {
    if (ring.length < capacity) {
      ring.push(event);
    } else {
      ring[oldest] = event;
      oldest = (oldest + 1) % capacity;
    }
  }

  return {
    emit(event) {
      keep(event);
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe(listener) {
      // A function of its own, so that subscribing the same one twice makes two subscriptions.
      const own = (event: E) => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    recent: () => [...ring.slice(oldest), ...ring.slice(0, oldest)],
  };
}
