import { closest } from '../core/kernel/proposal.ts';

/** What `--health` takes: a path that is asked for, `tcp` for a connection, `off` for no checks. */
export const isHealth = (text: string): boolean => text.startsWith('/') || text === 'tcp' || text === 'off';

/** Says what is wrong with it. */
export function notHealth(text: string): string {
  const meant = closest(text, ['tcp', 'off']) ?? 'a path as /health, tcp or off';
  return `"${text}" is no check; write ${meant}`;
}
