/**
 * How evenly work follows the weights: Jain's index of share divided by weight, from 1/n (one has all) to 1 (as weighted).
 * Null where nothing was shared, or among fewer than two.
 *
 * Source  Jain, Chiu, Hawe: A Quantitative Measure of Fairness (DEC-TR-301, 1984): (Σx)² / (n · Σx²).
 */
export function fairness(endpoints: readonly { readonly share: number; readonly weight: number }[]): number | null {
  const parts = endpoints.filter(({ weight }) => weight > 0).map(({ share, weight }) => share / weight);
  const sum = parts.reduce((total, each) => total + each, 0);
  const squares = parts.reduce((total, each) => total + each * each, 0);
  return parts.length < 2 || squares === 0 ? null : (sum * sum) / (parts.length * squares);
}
