import { describe, expect, test } from 'vitest';
import { pairOf, pattern, settle } from './contract/side.ts';
import { createNodeTransport } from './node.ts';
import { MAX_ACCEPTED_BYTES } from './node-socket.ts';
import { describeTransportContract } from './transport-contract.ts';

// Bun's node:net listens with 512 whatever it is told.
describeTransportContract('node:net', createNodeTransport, !('Bun' in globalThis));

describe('node:net, what it buffers', () => {
  const create = () => createNodeTransport({ onHandlerError: (error) => expect(error).toBeUndefined() });

  test('one write accepts a bounded piece', async () => {
    const { peer, side } = await pairOf(create());
    expect(side.socket.write(pattern(8 * MAX_ACCEPTED_BYTES), 0, 8 * MAX_ACCEPTED_BYTES)).toBe(MAX_ACCEPTED_BYTES);
    expect(side.socket.write(pattern(1), 0, 0)).toBe(0);
    peer.destroy();
  });

  test('while the last piece waits behind end, nothing but close is reported', async () => {
    const { peer, side } = await pairOf(create());
    peer.pause();
    const bytes = pattern(MAX_ACCEPTED_BYTES);
    let written = bytes.byteLength;
    while (written > 0) {
      written = side.socket.write(bytes, 0, bytes.byteLength);
      await settle();
    }
    side.socket.close();
    peer.end('late');
    await settle();
    expect(side.story).toEqual(['open']);
    peer.resume();
    await side.has('close');
    expect(side.story).toEqual(['open', 'close']);
  });
});
