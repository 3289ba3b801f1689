/**
 * The rules by which outlier ejection suspects endpoints, from one interval's counts. Pure functions.
 *
 * Source  Envoy, "outlier detection"; the gaps and the rule for few endpoints are ours.
 */

/** One endpoint's interval. */
export interface Tally {
  readonly slot: number;
  /** ≥ 1. */
  readonly requests: number;
  readonly failures: number;
}

export interface Suspect {
  readonly slot: number;
  /** In words, with numbers. */
  readonly reason: string;
  /** Share of failures; the worst go first. */
  readonly failureRate: number;
}

export interface SuccessRateOptions {
  readonly minEndpoints: number;
  readonly deviations: number;
  readonly minGap: number;
  readonly fewGap: number;
}

/** Rounding must not decide at the threshold. */
const TOLERANCE = 1e-9;

/** Those whose success rate stands out from the others'; `tallies` has the endpoints with enough requests. */
export function suspectsBySuccessRate(tallies: readonly Tally[], options: SuccessRateOptions): Suspect[] {
  if (tallies.length < 2) return [];
  return tallies.length < options.minEndpoints ? belowOthers(tallies, options) : belowSpread(tallies, options);
}

/** Those that failed at least this share of their requests. */
export function suspectsByFailureRate(tallies: readonly Tally[], atLeast: number): Suspect[] {
  return tallies
    .filter((tally) => failureRateOf(tally) >= atLeast - TOLERANCE)
    .map((tally) => suspect(tally, `${percent(failureRateOf(tally))} of ${tally.requests} requests failed`));
}

function belowSpread(tallies: readonly Tally[], { deviations, minGap }: SuccessRateOptions): Suspect[] {
  const rates = tallies.map(successRateOf);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const deviation = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
  const threshold = mean - Math.max(deviations * deviation, minGap);
  const bound = `mean ${percent(mean)}, deviation ${percent(deviation)}, ${rates.length} endpoints`;
  return tallies
    .filter((tally) => successRateOf(tally) < threshold - TOLERANCE)
    .map((tally) =>
      suspect(tally, `success rate ${percent(successRateOf(tally))}, under ${percent(threshold)} (${bound})`),
    );
}

function belowOthers(tallies: readonly Tally[], { fewGap }: SuccessRateOptions): Suspect[] {
  const requests = tallies.reduce((sum, each) => sum + each.requests, 0);
  const failures = tallies.reduce((sum, each) => sum + each.failures, 0);
  const rateOfOthers = (tally: Tally) => 1 - (failures - tally.failures) / (requests - tally.requests);
  return tallies
    .filter((tally) => rateOfOthers(tally) - successRateOf(tally) >= fewGap - TOLERANCE)
    .map((tally) => {
      const others = `${percent(rateOfOthers(tally))} of the ${tallies.length - 1 === 1 ? 'other' : 'others'}`;
      return suspect(tally, `success rate ${percent(successRateOf(tally))}, ${others}`);
    });
}

function suspect(tally: Tally, reason: string): Suspect {
  return { slot: tally.slot, reason, failureRate: failureRateOf(tally) };
}

function failureRateOf({ requests, failures }: Tally): number {
  return failures / requests;
}

function successRateOf(tally: Tally): number {
  return 1 - failureRateOf(tally);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
