import type { z } from 'zod';
import { HealthConfig } from '../control/health/schema.ts';
import { PolicyOptions } from '../core/policies/schema.ts';

/** Defaults may be left out; each variant keeps its own options. */
type Written<Options extends { type: string }> = Options extends unknown
  ? Pick<Options, 'type'> & Partial<Omit<Options, 'policy'>> & WrittenWrapped<Options>
  : never;

/** What a wrapper wraps may be a type alone as well. */
type WrittenWrapped<Options> = Options extends { policy: infer Wrapped extends { type: string } }
  ? { policy?: string extends Wrapped['type'] ? PolicyInput : Wrapped['type'] | Written<Wrapped> }
  : unknown;

type PolicyInput = PolicyOptions['type'] | Written<PolicyOptions>;

/** A policy's type alone, or an object with its options; an object out. */
export const PolicyFile = PolicyOptions as z.ZodType as z.ZodType<PolicyOptions, PolicyInput>;

/** The options of one probe, told apart by `type`. */
export const HealthFile = HealthConfig;
