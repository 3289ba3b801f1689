import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createBunTransport } from './bun.ts';
import { accepting, recordingHandlers, Side } from './contract/side.ts';
import { describeTransportContract } from './transport-contract.ts';

const HAS_BUN = 'Bun' in globalThis;

if (HAS_BUN) describeTransportContract('bun', createBunTransport);

describe.skipIf(!HAS_BUN)('what we rely on in Bun', () => {
  const create = () => createBunTransport({ onHandlerError: (error) => expect(error).toBeUndefined() });

  test('the self-test finds listen(2), so that nothing is to be noted', () => {
    expect(create().notes).toEqual([]);
  });

  test('TCP_NODELAY is on at both ends without a call', async () => {
    const transport = create();
    const server = await accepting(transport);
    const side = new Side();
    transport.connect(server.listener.address, recordingHandlers(), side);
    await side.has('open');
    const accepted = await server.nextSide();
    expect([noDelayOf(side), noDelayOf(accepted)]).toEqual([1, 1]);
    side.socket.terminate();
    server.listener.stop();
  });

  test.skipIf(process.platform === 'win32')('a lack of descriptors is not taken for a refusal (P7)', () => {
    const program = fileURLToPath(new URL('./contract/out-of-descriptors.ts', import.meta.url));
    const run = spawnSync('sh', ['-c', 'ulimit -n 64 && exec "$0" "$1"', process.execPath, program], {
      encoding: 'utf8',
    });
    expect(run.stdout.trim().split('\n')).toEqual([
      'tcp descriptors',
      'unix descriptors',
      'listen-failed cannot listen on 127.0.0.1:0: the process has no file descriptor left (EMFILE)',
      'afterwards refused',
    ]);
  });
});

/** getsockopt(2) of TCP_NODELAY on Linux and macOS. */
function noDelayOf({ socket }: Side): number {
  const { dlopen } = process.getBuiltinModule('bun:ffi' as never) as typeof import('bun:ffi');
  const { getsockopt } = dlopen(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6', {
    getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  }).symbols;
  const value = new Int32Array(1);
  const length = new Int32Array([value.byteLength]);
  const [IPPROTO_TCP, TCP_NODELAY] = [6, 1];
  getsockopt((socket as unknown as { fd: number }).fd, IPPROTO_TCP, TCP_NODELAY, value, length);
  // macOS gives the flag's bit instead of 1.
  return value[0] === 0 ? 0 : 1;
}
