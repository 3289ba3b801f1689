import type { z } from 'zod';
import { HealthConfig } from '../control/health/schema.ts';
import { PolicyOptions } from '../core/policies/schema.ts';

/** Defaults may be left out; each variant keeps its own options. */
type Written<Options extends { type: string }> = Options extends unknown
  ? Pick<Options, 'type'> & Partial<Options>
  : never;

/** A policy's type alone, or an object with its options; an object out. */
export const PolicyFile = PolicyOptions as z.ZodType as z.ZodType<
  PolicyOptions,
  PolicyOptions['type'] | Written<PolicyOptions>
>;

/** The options of one probe, told apart by `type`. */
export const HealthFile = HealthConfig;
