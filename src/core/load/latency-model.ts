import type { LatencyFeatures } from './latency-features.ts';

/** Predicts the natural logarithm of a latency in milliseconds from features, and learns from what came of it. */
export interface LatencyModel {
  /** Always finite. */
  predict(slot: number, features: LatencyFeatures): number;
  /** The standard deviation of the prediction; 0 where the model knows none. */
  deviation(slot: number, features: LatencyFeatures): number;
  /** `logMs` came of `features`. */
  learn(slot: number, features: LatencyFeatures, logMs: number): void;
  /** The slot has a new occupant; to be called before it is used. */
  forget(slot: number): void;
  /** What each feature adds to the prediction, by name: for people. */
  contributions(slot: number, features: LatencyFeatures): Record<string, number>;
}
