/** Run by a test in a process of its own, with few descriptors: what the adapter says when none is left. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createBunTransport } from '../bun.ts';
import type { SocketAddress } from '../transport.ts';
import { recordingHandlers, Side } from './side.ts';

const transport = createBunTransport({ onHandlerError: (error) => say('handler error', error) });
const server = await transport.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, recordingHandlers());

/** Not `process.stdout`, which may need a descriptor of its own. */
function say(...words: unknown[]): void {
  writeSync(1, `${words.join(' ')}\n`);
}

async function outcomeOf(address: SocketAddress): Promise<string> {
  const side = new Side();
  transport.connect(address, recordingHandlers(), side);
  await side.until(({ events }) => events.length > 0);
  return side.events.join(' ').replace('connectError ', '');
}

const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // None is left.
}
say('tcp', await outcomeOf(server.address));
say('unix', await outcomeOf({ kind: 'unix', path: '/tmp/equipoise-no-such.sock' }));
await transport.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, recordingHandlers()).catch((error) => {
  say(error.code, error.message);
});
for (const descriptor of taken) closeSync(descriptor);
server.stop();
say('afterwards', await outcomeOf(server.address));
process.exit(0);
