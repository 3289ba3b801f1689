/** Remembers what is in the arrays; the result puts it back. The arrays must not have been replaced meanwhile. */
export function savedArrays(...arrays: readonly (Float64Array | Int32Array)[]): () => void {
  const copies = arrays.map((each) => each.slice());
  return () => {
    for (const [index, each] of arrays.entries()) each.set(copies[index]!);
  };
}
