import { describe, test } from 'vitest';
import { createBunTransport } from './bun.ts';
import { describeTransportContract } from './transport-contract.ts';

if ('Bun' in globalThis) describeTransportContract('bun', createBunTransport);
else describe('transport contract: bun', () => test.skip('needs Bun', () => {}));
