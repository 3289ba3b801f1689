import { EquipoiseError } from '../../core/kernel/errors.ts';
import { proposal } from '../../core/kernel/proposal.ts';

/** Refuses what a program gave: always `config-invalid`, with the place and, after a semicolon, the fix. */
export function refuse(where: string, problem: string, fix?: string): never {
  throw new EquipoiseError('config-invalid', `${where} ${problem}${fix === undefined ? '' : `; ${fix}`}`);
}

/** Refuses what is no object, and keys that are not `known`. */
export function checkKeys(where: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) refuse(where, `is no object but ${nameOf(given)}`);
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) refuse(where, `has an unknown key "${key}"`, proposal(key, known));
  }
}

export function checkNumber(where: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;
  refuse(where, `is ${nameOf(value)}`, `write a number ${range}`);
}

export function checkText(where: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') refuse(where, `is ${nameOf(value)}`, 'write a text that is not empty');
}

export function checkChoice(where: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  refuse(where, `is ${nameOf(value)}`, proposal(String(value), choices));
}

export function nameOf(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
