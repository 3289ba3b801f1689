/** A user's policy that always fails. */
export function pick() {
  throw new Error('tired');
}
