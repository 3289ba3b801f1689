import type { QueueFields } from '../../../control/pool-options.ts';
import { USUAL_URGENCY } from '../../upstream/waiting-line.ts';
import type { RequestHead } from './request-head.ts';
import { headerOf } from './request-values.ts';

/** How urgent a request whose head is parsed says it is: 0 (first) to 7. */
export type UrgencyReader = (head: RequestHead) => number;

/** `u=2` as in RFC 9218 §4.1, among other parameters, or the number alone. */
const URGENCY = /^([0-7])$|(?:^|,)[ \t]*u=([0-7])[ \t]*(?:$|[,;])/;

/** Made once per configuration; null where the header of none is read. */
export function compileUrgency(queue: QueueFields | undefined): UrgencyReader | null {
  if (queue?.priority === undefined) return null;
  const lowerName = queue.priority.slice('header:'.length).toLowerCase();
  return (head) => {
    const found = URGENCY.exec(headerOf(head, lowerName) ?? '');
    return found === null ? USUAL_URGENCY : Number(found[1] ?? found[2]);
  };
}
