/** Calls `run`, which must not reject, one after the other, however soon it is wanted again: what began last ends last. */
export function inTurn(run: () => Promise<void>): () => void {
  let last = Promise.resolve();
  return () => {
    last = last.then(run);
  };
}
