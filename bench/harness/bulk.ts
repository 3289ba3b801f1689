/**
 * Bulk transfer over TCP: the side that sends and the side that receives and checks.
 *
 * Run     bun bulk.ts send <host> <port>; a connection sends `<bytes>\n` and is sent that many bytes, then FIN.
 *         bun bulk.ts receive <port> <streams> <bytes per stream>; prints { bytes, seconds }.
 * Checks  the first and the last byte of every chunk against the pattern at its offset, and the number of bytes.
 */

// A prime number of bytes: a shifted or repeated piece of any power of two does not match by chance.
const PATTERN_BYTES = 262_147;
const pattern = Buffer.alloc(PATTERN_BYTES, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));

interface Sending {
  /** Digits of the request, until its newline. */
  order: string;
  total: number;
  sent: number;
}

interface Receiving {
  readonly total: number;
  received: number;
  readonly finish: (error: Error | null) => void;
}

/** Listens; every connection is sent as many bytes as its first line asks for. */
export function bulkSource(host: string, port: number): { readonly port: number; stop(): void } {
  return Bun.listen<Sending>({
    hostname: host,
    port,
    allowHalfOpen: true,
    socket: {
      open: (socket) => {
        socket.data = { order: '', total: -1, sent: 0 };
      },
      data: (socket, bytes) => {
        socket.data.order += bytes.toString('latin1', 0, bytes.length);
        if (!socket.data.order.endsWith('\n')) return;
        socket.data.total = Number(socket.data.order);
        send(socket);
      },
      drain: send,
      error: (socket) => void socket.terminate(),
    },
  });
}

function send(socket: Bun.Socket<Sending>): void {
  const sending = socket.data;
  while (sending.sent < sending.total) {
    const from = sending.sent % PATTERN_BYTES;
    const length = Math.min(PATTERN_BYTES - from, sending.total - sending.sent);
    const accepted = socket.write(pattern, from, length);
    if (accepted < 0) return;
    sending.sent += accepted;
    if (accepted < length) return;
  }
  if (sending.total >= 0) socket.end();
}

/** Receives `bytes` over each of `streams` connections. Rejects when a byte is missing, too much or wrong. */
export async function receiveBulk(port: number, streams: number, bytes: number): Promise<void> {
  await Promise.all(Array.from({ length: streams }, () => receive(port, bytes)));
}

function receive(port: number, total: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const finish = (error: Error | null): void => (error === null ? resolve() : reject(error));
  Bun.connect<Receiving>({
    hostname: '127.0.0.1',
    port,
    data: { total, received: 0, finish },
    socket: {
      open: (socket) => void socket.write(`${total}\n`),
      data: check,
      close: (socket) => socket.data.finish(shortfall(socket.data)),
      error: (socket, error) => socket.data.finish(error),
    },
  }).catch(reject);
  return promise;
}

function check(socket: Bun.Socket<Receiving>, bytes: Buffer): void {
  const receiving = socket.data;
  const last = bytes.length - 1;
  const good = bytes[0] === expected(receiving.received) && bytes[last] === expected(receiving.received + last);
  receiving.received += bytes.length;
  if (good) return;
  receiving.finish(new Error(`wrong byte near offset ${receiving.received}`));
  socket.terminate();
}

function expected(offset: number): number | undefined {
  return pattern[offset % PATTERN_BYTES];
}

function shortfall(receiving: Receiving): Error | null {
  if (receiving.received === receiving.total) return null;
  return new Error(`${receiving.received} bytes came instead of ${receiving.total}`);
}

async function main([task, ...words]: readonly string[]): Promise<void> {
  if (task === 'send') {
    bulkSource(words[0] ?? '', Number(words[1]));
    return;
  }
  const [port, streams, bytes] = words.map(Number);
  if (task !== 'receive' || !port || !streams || !bytes) throw new Error('send host port | receive port streams bytes');
  const start = performance.now();
  await receiveBulk(port, streams, bytes);
  console.log(JSON.stringify({ bytes: streams * bytes, seconds: (performance.now() - start) / 1000 }));
}

if (import.meta.main) await main(process.argv.slice(2));
