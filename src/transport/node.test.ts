import { createNodeTransport } from './node.ts';
import { describeTransportContract } from './transport-contract.ts';

// Bun's node:net listens with 512 whatever it is told.
describeTransportContract('node:net', createNodeTransport, !('Bun' in globalThis));
