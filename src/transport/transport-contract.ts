import { describe } from 'vitest';
import { describeClosing } from './contract/closing.ts';
import { describeConnecting } from './contract/connecting.ts';
import { describeFaults } from './contract/faults.ts';
import { describeFlow } from './contract/flow.ts';
import { describeListening } from './contract/listening.ts';
import type { Transport, TransportOptions } from './transport.ts';

/** What protocols rely on, the same for every adapter. Pitfall numbers are those of ADR and runtime study (P1 to P24). */
export function describeTransportContract(
  name: string,
  create: (options: TransportOptions) => Transport,
  honoursBacklog = true,
): void {
  const createSubject = () => {
    const handlerErrors: unknown[] = [];
    return {
      transport: create({ onHandlerError: (error) => handlerErrors.push(error) }),
      handlerErrors,
      honoursBacklog,
    };
  };
  describe(`transport contract: ${name}`, () => {
    describeFlow(createSubject);
    describeClosing(createSubject);
    describeConnecting(createSubject);
    describeListening(createSubject);
    describeFaults(createSubject);
  });
}
