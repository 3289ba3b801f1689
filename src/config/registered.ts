import { z } from 'zod';
import { HealthConfig } from '../control/health/schema.ts';
import { PolicyOptions } from '../core/policies/schema.ts';
import { functionName } from './function-name.ts';
import { oneOfForms, section } from './reading.ts';

/** Defaults may be left out; each variant keeps its own options. */
type Written<Options extends { type: string }> = Options extends unknown
  ? Pick<Options, 'type'> & Partial<Omit<Options, 'policy'>> & WrittenWrapped<Options>
  : never;

/** What a wrapper wraps may be a type alone as well. */
type WrittenWrapped<Options> = Options extends { policy: infer Wrapped extends { type: string } }
  ? { policy?: string extends Wrapped['type'] ? PolicyInput : Wrapped['type'] | Written<Wrapped> }
  : unknown;

type PolicyInput = PolicyOptions['type'] | Written<PolicyOptions>;

/** A function of the user's as a policy. */
const ModulePolicy = section({
  type: z.literal('module').prefault('module'),
  module: functionName('./policy.ts#pick'),
});
type ModulePolicy = z.output<typeof ModulePolicy>;

const AnyPolicyFile = oneOfForms([PolicyOptions, ModulePolicy], (value) =>
  typeof value === 'object' && value !== null && 'module' in value ? ModulePolicy : PolicyOptions,
);

/** A policy's type alone, an object with its options, or a user's function; an object out. */
export const PolicyFile = AnyPolicyFile as z.ZodType as z.ZodType<
  PolicyOptions | ModulePolicy,
  PolicyInput | z.input<typeof ModulePolicy>
>;

/** The options of one probe, told apart by `type`. */
export const HealthFile = HealthConfig;
