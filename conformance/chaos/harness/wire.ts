/**
 * A witness of what a balancer sends to the endpoints: it reads the loopback interface, so that bytes count which an
 * endpoint's kernel took but its process, killed at that moment, never read.
 *
 * Source  packet(7), "Socket filters" of the kernel's networking documentation.
 * Errors  `watchWire` gives undefined without the right to do so (CAP_NET_RAW).
 */
import { dlopen, ptr } from 'bun:ffi';
import { ID_FIELD } from './plan.ts';

/** What was seen on the way to the endpoints. */
export interface Wire {
  /** By request, by port: when its head went there first, in ms since 1970. */
  readonly seen: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** Packets that the kernel had no room for: what was seen is not all. Reading it sets it back. */
  dropped(): number;
  close(): void;
}

const AF_PACKET = 17;
const SOCK_DGRAM_NONBLOCK = 2 | 0x800;
const ETH_P_IP = 0x0008; // 0x0800 in network order
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const BUFFER_BYTES = 16 << 20;
/** The head of a request fits. */
const SNAP_BYTES = 2048;
const POLL_MS = 5;
const TCP_PORT_AT = 2;

const { symbols: libc } = dlopen('libc.so.6', {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
});

const MARK = `${ID_FIELD.toLowerCase()}: `;

/** Watches requests that go to these ports. */
export function watchWire(ports: readonly number[]): Wire | undefined {
  const socket = libc.socket(AF_PACKET, SOCK_DGRAM_NONBLOCK, ETH_P_IP);
  if (socket < 0) return undefined;
  attachFilter(socket, ports);
  libc.setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, ptr(new Uint32Array([BUFFER_BYTES])), 4);
  const seen = new Map<number, Map<number, number>>();
  const packet = Buffer.alloc(SNAP_BYTES);
  const at = ptr(packet);
  const drain = (): void => {
    for (let bytes = libc.recv(socket, at, SNAP_BYTES, 0); bytes > 0; bytes = libc.recv(socket, at, SNAP_BYTES, 0)) {
      notePacket(seen, packet.subarray(0, Math.min(bytes, SNAP_BYTES)), ports);
    }
  };
  const timer = setInterval(drain, POLL_MS);
  let isOpen = true;
  return {
    seen,
    dropped: () => droppedAt(socket),
    close() {
      if (!isOpen) return;
      isOpen = false;
      drain();
      clearInterval(timer);
      libc.close(socket);
    },
  };
}

function notePacket(seen: Map<number, Map<number, number>>, packet: Buffer, wanted: readonly number[]): void {
  const tcpAt = (packet[0]! & 15) * 4;
  const port = packet.readUInt16BE(tcpAt + TCP_PORT_AT);
  // Before the filter was there, anybody's packets came.
  if (!wanted.includes(port)) return;
  const text = packet.toString('latin1', tcpAt).toLowerCase();
  const mark = text.indexOf(MARK);
  if (mark < 0) return;
  const id = Number.parseInt(text.slice(mark + MARK.length, mark + MARK.length + 12), 10);
  const ports = seen.get(id) ?? new Map<number, number>();
  seen.set(id, ports);
  if (!ports.has(port)) ports.set(port, Date.now());
}

/** TCP to one of the ports, as it arrives (each packet of the loopback interface is seen going out, too). */
function attachFilter(socket: number, ports: readonly number[]): void {
  const accept = ports.length;
  const code: [op: number, yes: number, no: number, k: number][] = [
    [0x20, 0, 0, 0xffff_f004], // A = kind of packet
    [0x15, accept + 4, 0, 4], // outgoing: reject
    [0x30, 0, 0, 9], // A = protocol
    [0x15, 0, accept + 2, 6], // not TCP: reject
    [0xb1, 0, 0, 0], // X = length of the IP header
    [0x48, 0, 0, TCP_PORT_AT], // A = destination port
    ...ports.map((port, index): [number, number, number, number] => [0x15, accept - index, 0, port]),
    [0x06, 0, 0, 0],
    [0x06, 0, 0, SNAP_BYTES],
  ];
  const program = Buffer.alloc(8 * code.length);
  for (const [index, [op, yes, no, k]] of code.entries()) {
    program.writeUInt16LE(op, 8 * index);
    program.writeUInt8(yes, 8 * index + 2);
    program.writeUInt8(no, 8 * index + 3);
    program.writeUInt32LE(k, 8 * index + 4);
  }
  const filter = Buffer.alloc(16);
  filter.writeUInt16LE(code.length, 0);
  filter.writeBigUInt64LE(BigInt(ptr(program)), 8);
  if (libc.setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, ptr(filter), 16) < 0) throw new Error('no socket filter');
}

function droppedAt(socket: number): number {
  const statistics = new Uint32Array(2);
  libc.getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, ptr(statistics), ptr(new Uint32Array([8])));
  return statistics[1]!;
}
