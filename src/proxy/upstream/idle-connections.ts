/** Kept-alive connections to the endpoints of one pool, by slot; the one used last is taken first. */
export class IdleConnections<C> {
  readonly #bySlot: C[][] = [];
  /** At 0 none is kept any more. */
  maxPerEndpoint: number;

  constructor(maxPerEndpoint: number) {
    this.maxPerEndpoint = maxPerEndpoint;
  }

  take(slot: number): C | undefined {
    return this.#bySlot[slot]?.pop();
  }

  /** Takes any one out. */
  takeAny(): C | undefined {
    return this.#bySlot.find((idle) => idle.length > 0)?.pop();
  }

  /** False when the endpoint has enough of them: close the connection. */
  put(slot: number, connection: C): boolean {
    while (this.#bySlot.length <= slot) this.#bySlot.push([]);
    const idle = this.#bySlot[slot]!;
    if (idle.length >= this.maxPerEndpoint) return false;
    idle.push(connection);
    return true;
  }

  remove(slot: number, connection: C): void {
    const idle = this.#bySlot[slot];
    const index = idle === undefined ? -1 : idle.lastIndexOf(connection);
    if (index !== -1) idle!.splice(index, 1);
  }

  /** Takes all idle connections of an endpoint out. */
  takeAll(slot: number): C[] {
    return this.#bySlot[slot]?.splice(0) ?? [];
  }

  /** Takes every idle connection out. */
  drain(): C[] {
    return this.#bySlot.flatMap((idle) => idle.splice(0));
  }
}
