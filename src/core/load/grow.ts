/** Typed arrays indexed by slot grow to the next power of two, so that a rising slot copies each entry O(1) times. */

/** The least power of two that is > `slot`, at least 16. */
export function capacityFor(slot: number): number {
  let capacity = 16;
  while (capacity <= slot) capacity *= 2;
  return capacity;
}

/** `values` if it reaches `slot`, else a longer copy, new entries 0. `perSlot` consecutive entries belong to one slot. */
export function grownInt32(values: Int32Array<ArrayBuffer>, slot: number, perSlot = 1): Int32Array<ArrayBuffer> {
  if ((slot + 1) * perSlot <= values.length) return values;
  const grown = new Int32Array(capacityFor(slot) * perSlot);
  grown.set(values);
  return grown;
}

/** As `grownInt32`. */
export function grownFloat64(values: Float64Array<ArrayBuffer>, slot: number, perSlot = 1): Float64Array<ArrayBuffer> {
  if ((slot + 1) * perSlot <= values.length) return values;
  const grown = new Float64Array(capacityFor(slot) * perSlot);
  grown.set(values);
  return grown;
}
