import { z } from 'zod';
import { HealthConfig } from '../control/health/schema.ts';
import { PolicyOptions } from '../core/policies/schema.ts';
import { readModuleName } from './import-module.ts';
import { misread, section } from './reading.ts';
import { text } from './scalars.ts';

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
  module: text((value) =>
    readModuleName(value) === undefined
      ? misread(`"${value}" names no function`, 'write a file and an export of it: ./policy.ts#pick')
      : { value },
  ).describe('File, relative to this one, and export: `./policy.ts#pick`.'),
});
type ModulePolicy = z.output<typeof ModulePolicy>;

const AnyPolicyFile = z.union([PolicyOptions, ModulePolicy]);
// A union that has failed says what is wrong with each of its forms; which one was meant is known here.
const formOf = (value: unknown) =>
  typeof value === 'object' && value !== null && 'module' in value ? ModulePolicy : PolicyOptions;
AnyPolicyFile._zod.parse = (payload, context) => formOf(payload.value)._zod.run(payload, context) as never;
AnyPolicyFile._zod.run = AnyPolicyFile._zod.parse;

/** A policy's type alone, an object with its options, or a user's function; an object out. */
export const PolicyFile = AnyPolicyFile as z.ZodType as z.ZodType<
  PolicyOptions | ModulePolicy,
  PolicyInput | z.input<typeof ModulePolicy>
>;

/** The options of one probe, told apart by `type`. */
export const HealthFile = HealthConfig;
