import type { AdminOptions } from '../config/config.ts';
import type { LiveExplain } from '../proxy/explanation.ts';
import { isSameSecret } from './same-secret.ts';

/** What stands for "please" where no token is needed. */
const PLEASE = '1';

/**
 * Who may have requests under way explained: whoever may read at the admin server, in the way in which its own guard knows them.
 * With tokens their bearers, and without one the people of this machine; without an admin server nobody.
 */
export function liveExplainOf(admin: AdminOptions | undefined, worker?: number): LiveExplain | undefined {
  if (admin === undefined) return undefined;
  const { token, readToken } = admin;
  const isBearer = (given: string): boolean => {
    // Both are compared, whatever the first comparison gave.
    const [operates, reads] = [isSameSecret(given, token!), readToken !== undefined && isSameSecret(given, readToken)];
    return operates || reads;
  };
  const allows = (given: string, isLocal: boolean): boolean =>
    token === undefined ? isLocal && given === PLEASE : isBearer(given);
  return { allows, ...(worker !== undefined && { worker }) };
}
